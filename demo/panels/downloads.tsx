import { useSignal } from '@preact/signals'
import { FailureNotice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { ReportView } from '../parts/report-view'
import { saveBlob } from '../parts/save-blob'
import type { OutputFile } from '../protocol'
import { fail, outputs, rows, selection, unsaved } from '../state'
import { failureOf } from '../work'
import { ExportRows } from './export-rows'
import { FileLink } from './file-link'
import { OtherForms } from './other-forms'

export function DownloadsPanel() {
  const files = outputs.value
  const viewing = useSignal(false)
  const report = files.find(({ name }) => name === 'training-report.html')
  return (
    <Panel
      id="downloads"
      number={6}
      title="Downloads"
      lead="The results as files. What is not saved is gone when the page is closed, but for a training that it keeps."
    >
      <FailureNotice stage="files" title="The files could not be made." />
      {files.length === 0 ? (
        <p class="hint">
          There is nothing yet. Files appear here after the selection and after the training.
        </p>
      ) : (
        <>
          <div class="actions">
            <button type="button" class="primary" onClick={() => saveAll(files)}>
              Download all as one .zip
            </button>
            {report && (
              <button
                type="button"
                onClick={() => {
                  viewing.value = true
                }}
              >
                View the report of the training
              </button>
            )}
          </div>
          <ul class="files">
            {files.map(file => (
              <FileLink key={file.name} file={file} />
            ))}
          </ul>
          {selection.value && rows.value && <ExportRows own={rows.value} />}
          <OtherForms />
          {report && viewing.value && (
            <ReportView
              file={report.blob}
              onClose={() => {
                viewing.value = false
              }}
            />
          )}
        </>
      )}
    </Panel>
  )
}

/** Stored rather than compressed: the adapter, the largest file, does not get smaller. */
async function saveAll(files: readonly OutputFile[]): Promise<void> {
  try {
    const { zipSync } = await import('fflate')
    const contents = await Promise.all(
      files.map(async ({ name, blob }) => [name, new Uint8Array(await blob.arrayBuffer())] as const),
    )
    const blob = new Blob([zipSync(Object.fromEntries(contents), { level: 0 })], { type: 'application/zip' })
    saveBlob({ name: 'tabtune.zip', blob })
    unsaved.value = false
  } catch (error) {
    fail('files', failureOf(error))
  }
}

import { useSignal } from '@preact/signals'
import { config, importConfig } from '../config-state'
import { Notice } from '../parts/notice'
import { saveBlob } from '../parts/save-blob'
import { failureOf } from '../work'

/** All options as a file, which the command takes too, and out of one. */
export function ConfigFile({ disabled }: { readonly disabled: boolean }) {
  const wrong = useSignal<string | null>(null)
  const read = async (file: File | undefined) => {
    if (!file) return
    wrong.value = null
    try {
      importConfig(JSON.parse(await file.text()))
    } catch (error) {
      const { message } = failureOf(error)
      wrong.value = error instanceof SyntaxError ? `It is no JSON: ${message}` : message
    }
  }
  return (
    <>
      <div class="actions">
        <button
          type="button"
          class="quiet"
          disabled={config.value === null}
          onClick={() => {
            const text = `${JSON.stringify(config.value, null, 2)}\n`
            saveBlob({ name: 'training.json', blob: new Blob([text], { type: 'application/json' }) })
          }}
        >
          Save these options
        </button>
        <label class="button quiet">
          Open options
          <input
            type="file"
            accept=".json,application/json"
            disabled={disabled}
            onChange={event => {
              void read(event.currentTarget.files?.[0])
              event.currentTarget.value = ''
            }}
          />
        </label>
        <p class="hint">
          The file is the command’s too: <code>tabtune train --config training.json</code>
        </p>
      </div>
      {wrong.value !== null && (
        <Notice kind="error" title="These options cannot be used.">
          {wrong.value}
        </Notice>
      )}
    </>
  )
}

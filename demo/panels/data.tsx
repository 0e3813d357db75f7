import type { PairFormat, RowFormat } from '../../src/index'
import { readPairs, readSample } from '../actions'
import { FileDrop } from '../parts/file-drop'
import { FileRead } from '../parts/file-read'
import { FailureNotice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { Progress } from '../parts/progress'
import { ReadAs } from '../parts/read-as'
import { readRows } from '../row-actions'
import { busy, canRead, givenPairs, givenRows, pairs, rows } from '../state'

const rowFormats: readonly RowFormat[] = ['alpaca', 'sharegpt', 'messages']
const pairFormats: readonly PairFormat[] = [
  'standard',
  'conversational',
  'sharegpt',
  'alpaca',
  'ultrafeedback',
]

export function DataPanel() {
  return (
    <Panel
      id="data"
      number={1}
      title="Data"
      lead="Instruction rows to choose from, and preference pairs to train on. Either can be used alone."
    >
      <div class="sample">
        <button type="button" class="primary" disabled={busy.value} onClick={readSample}>
          Try the sample
        </button>
        <p class="hint">220 rows and 70 pairs written for this page, some of them broken on purpose.</p>
      </div>
      <div class="columns">
        <div>
          <FileDrop
            label="Instruction rows"
            hint="JSON, JSON lines, CSV, TSV or Parquet, also as .gz: Alpaca, ShareGPT or OpenAI messages"
            disabled={!canRead.value}
            onFile={file => readRows({ file, name: file.name })}
          />
          <Progress stage="rows" />
          <FailureNotice stage="rows" title="These rows could not be read." />
          <div class="outcome">
            {rows.value && <FileRead file={rows.value} noun="row" />}
            {givenRows.value && (
              <ReadAs
                what="rows"
                given={givenRows.value}
                formats={rowFormats}
                disabled={!canRead.value}
                onRead={readRows}
              />
            )}
          </div>
        </div>
        <div>
          <FileDrop
            label="Preference pairs"
            hint="The same kinds of file, with a chosen and a rejected answer: ShareGPT, Alpaca, TRL or UltraFeedback"
            disabled={!canRead.value}
            onFile={file => readPairs({ file, name: file.name })}
          />
          <Progress stage="pairs" />
          <FailureNotice stage="pairs" title="These pairs could not be read." />
          <div class="outcome">
            {pairs.value && <FileRead file={pairs.value} noun="pair" />}
            {givenPairs.value && (
              <ReadAs
                what="pairs"
                given={givenPairs.value}
                formats={pairFormats}
                disabled={!canRead.value}
                onRead={readPairs}
              />
            )}
          </div>
        </div>
      </div>
    </Panel>
  )
}

import { readPairs, readRows, readSample } from '../actions'
import { FileDrop } from '../parts/file-drop'
import { FileRead } from '../parts/file-read'
import { FailureNotice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { Progress } from '../parts/progress'
import { busy, canRead, pairs, rows } from '../state'

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
            hint="JSON or JSON lines: Alpaca, ShareGPT or OpenAI messages"
            disabled={!canRead.value}
            onFile={file => readRows(file, file.name)}
          />
          <Progress stage="rows" />
          <FailureNotice stage="rows" title="These rows could not be read." />
          <div class="outcome">{rows.value && <FileRead file={rows.value} noun="row" />}</div>
        </div>
        <div>
          <FileDrop
            label="Preference pairs"
            hint="JSON or JSON lines: ShareGPT, Alpaca or TRL, with a chosen and a rejected answer"
            disabled={!canRead.value}
            onFile={file => readPairs(file, file.name)}
          />
          <Progress stage="pairs" />
          <FailureNotice stage="pairs" title="These pairs could not be read." />
          <div class="outcome">{pairs.value && <FileRead file={pairs.value} noun="pair" />}</div>
        </div>
      </div>
    </Panel>
  )
}

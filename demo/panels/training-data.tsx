import type { LabelledFormat } from '../../src/index'
import { values } from '../config-state'
import { ConfigField } from '../parts/config-field'
import { FileDrop } from '../parts/file-drop'
import { FileRead } from '../parts/file-read'
import { counted } from '../parts/format'
import { FailureNotice } from '../parts/notice'
import { Progress } from '../parts/progress'
import { ReadAs } from '../parts/read-as'
import { canRead, pairs, rows, selection } from '../state'
import { readLabelled } from '../training-actions'
import type { DataChoice } from '../training-protocol'
import { dataChoice, givenLabelled, gradeColumns, labelled, wantedData } from '../training-state'

const formats: readonly LabelledFormat[] = ['standard', 'conversational', 'messages', 'sharegpt', 'alpaca']

/** What the chosen method learns from. */
export function TrainingData({ disabled }: { readonly disabled: boolean }) {
  const { method } = values.value
  return (
    <section class="training-data" aria-labelledby="training-data-title">
      <h3 id="training-data-title">Learns from</h3>
      {method === 'preference' ? (
        <Pairs />
      ) : method === 'labelled' ? (
        <Labelled disabled={disabled} />
      ) : (
        <Rows disabled={disabled} />
      )}
    </section>
  )
}

function Pairs() {
  const file = pairs.value
  if (!file) return <Give what="preference pairs" />
  return (
    <p>
      {counted(file.usable, 'pair')} of {file.name}
    </p>
  )
}

const Give = ({ what }: { readonly what: string }) => (
  <p>
    Give {what} in <a href="#data">Data</a>, or try the sample.
  </p>
)

const choose = (part: Partial<DataChoice>) => {
  wantedData.value = { ...wantedData.value, ...part }
}

function Rows({ disabled }: { readonly disabled: boolean }) {
  const file = rows.value
  if (!file) return <Give what="instruction rows" />
  const kept = selection.value?.counts.kept
  const { rows: from } = dataChoice.value
  return (
    <>
      <fieldset class="ticks" disabled={disabled}>
        <legend class="visually-hidden">Which rows</legend>
        <label class="tick">
          <input
            type="radio"
            name="rows-from"
            checked={from === 'all'}
            onChange={() => choose({ rows: 'all' })}
          />
          <span>
            all {counted(file.usable, 'row')} of {file.name}
          </span>
        </label>
        <label class="tick">
          <input
            type="radio"
            name="rows-from"
            checked={from === 'selected'}
            disabled={kept === undefined}
            onChange={() => choose({ rows: 'selected' })}
          />
          <span>
            {kept === undefined
              ? 'those that the selection keeps, once there is one'
              : `the ${counted(kept, 'row')} that the selection keeps`}
          </span>
        </label>
      </fieldset>
      {values.value.method === 'scorer' && (
        <div class="fields">
          <ConfigField name="grade" disabled={disabled} />
          <ConfigField name="gradeColumn" disabled={disabled} suggestions={gradeColumns.value} />
        </div>
      )}
    </>
  )
}

function Labelled({ disabled }: { readonly disabled: boolean }) {
  const file = labelled.value
  return (
    <>
      <FileDrop
        label="Labelled answers"
        hint="The same kinds of file: a prompt, an answer, and a label of true or false"
        disabled={disabled || !canRead.value}
        onFile={given => readLabelled({ file: given, name: given.name })}
      />
      <Progress stage="labelled" />
      <FailureNotice stage="labelled" title="These answers could not be read." />
      {file && <FileRead file={file} noun="answer" />}
      {givenLabelled.value && (
        <ReadAs
          what="answers"
          given={givenLabelled.value}
          formats={formats}
          disabled={disabled || !canRead.value}
          onRead={readLabelled}
        />
      )}
      {pairs.value && (
        <label class="tick">
          <input
            type="checkbox"
            checked={dataChoice.value.labelled === 'pairs'}
            disabled={disabled || !file}
            onChange={event => choose({ labelled: event.currentTarget.checked ? 'pairs' : 'file' })}
          />
          <span>the answers of {pairs.value.name} one by one: chosen ones as good, rejected ones as bad</span>
        </label>
      )}
    </>
  )
}

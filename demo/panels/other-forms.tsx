import { useSignal } from '@preact/signals'
import type { FloatDtype } from '../../src/index'
import { ActionRow } from '../parts/action-row'
import { FailureNotice } from '../parts/notice'
import { ready } from '../state'
import { exportGguf, exportModel } from '../training-actions'
import { exported, result } from '../training-state'
import { FileLink } from './file-link'

const dtypes: Readonly<Record<FloatDtype, string>> = {
  bf16: 'bf16: half the size, as most models are given out',
  f16: 'f16: half the size',
  f32: 'f32: exactly',
}

/** What was trained for other programs, made when it is asked for: it may be as large as the model. */
export function OtherForms() {
  const dtype = useSignal<FloatDtype>('bf16')
  if (!result.value) return null
  const isAdapter = result.value.config.trained !== 'full'
  return (
    <section class="other-forms" aria-labelledby="other-forms-title">
      <h3 id="other-forms-title">For other programs</h3>
      <div class="fields">
        <div class="field wide">
          <label for="export-dtype">Weights of the whole model</label>
          <select
            id="export-dtype"
            value={dtype.value}
            onChange={event => {
              dtype.value = event.currentTarget.value as FloatDtype
            }}
          >
            {Object.entries(dtypes).map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </div>
      </div>
      <ActionRow stage="export" hint={null}>
        <button type="button" disabled={!ready.value} onClick={() => exportModel(dtype.value)}>
          {isAdapter ? 'Make the model with the adapter in its weights' : 'Make the trained model'}
        </button>
        {isAdapter && (
          <button type="button" disabled={!ready.value} onClick={exportGguf}>
            Make the adapter as GGUF
          </button>
        )}
      </ActionRow>
      <FailureNotice stage="export" title="It could not be made." />
      {exported.value.length > 0 && (
        <ul class="files">
          {exported.value.map(file => (
            <FileLink key={file.name} file={file} />
          ))}
        </ul>
      )}
    </section>
  )
}

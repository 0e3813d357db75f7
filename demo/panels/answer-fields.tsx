import { NumberField } from '../parts/number-field'
import type { AnswerSettings } from '../protocol'
import { answerSettings, busy } from '../state'

interface Field {
  readonly key: keyof AnswerSettings
  readonly label: string
  readonly hint: string
  readonly min: number
  readonly max?: number
  readonly step: number | 'any'
}

const fields: readonly Field[] = [
  { key: 'maxTokens', label: 'Longest answer', hint: 'In tokens.', min: 1, step: 1 },
  {
    key: 'temperature',
    label: 'Temperature',
    hint: '0 takes the likeliest token. Higher is more varied.',
    min: 0,
    max: 10,
    step: 'any',
  },
  {
    key: 'topP',
    label: 'Top-p',
    hint: 'Draws from the likeliest tokens that make up this share. 1: from all.',
    min: 0,
    max: 1,
    step: 'any',
  },
  { key: 'topK', label: 'Top-k', hint: 'Draws from so many tokens. 0: from all.', min: 0, step: 1 },
  {
    key: 'repetitionPenalty',
    label: 'Repetition penalty',
    hint: 'Above 1, tokens that occurred become less likely.',
    min: 0.1,
    max: 10,
    step: 'any',
  },
  {
    key: 'seed',
    label: 'Seed of answers',
    hint: 'The same seed gives the same answer on the same GPU.',
    min: 0,
    max: 4294967295,
    step: 1,
  },
]

/** How answers are written. */
export function AnswerFields() {
  const now = answerSettings.value
  return (
    <details>
      <summary>How it answers</summary>
      <div class="fields">
        {fields.map(({ key, ...rest }) => (
          <NumberField
            key={key}
            {...rest}
            value={now[key]}
            disabled={busy.value}
            onValue={value => {
              if (value !== null) answerSettings.value = { ...answerSettings.value, [key]: value }
            }}
          />
        ))}
      </div>
    </details>
  )
}

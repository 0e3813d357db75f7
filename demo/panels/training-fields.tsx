import type { JobOptions } from '../../src/index'
import { NumberField } from '../parts/number-field'
import { busy, options } from '../state'

const losses = [
  {
    name: 'dpo',
    label: 'DPO',
    hint: 'Raises the chosen answer’s probability over the rejected one’s, against the model as it was.',
  },
  {
    name: 'sampo',
    label: 'SamPO',
    hint: 'DPO over equally many tokens of both answers, drawn at random: a longer answer gains nothing by its length.',
  },
] as const

type Numeric = { [K in keyof JobOptions]: JobOptions[K] extends number | null ? K : never }[keyof JobOptions]

interface Field {
  readonly key: Numeric
  readonly label: string
  readonly hint: string
  readonly min: number
  readonly max?: number
  readonly step: number | 'any'
  readonly placeholder?: string
}

const main: readonly Field[] = [
  {
    key: 'beta',
    label: 'β',
    hint: 'How closely it stays to the model as it was. Higher is closer.',
    min: 0.001,
    step: 'any',
  },
  {
    key: 'learningRate',
    label: 'Learning rate',
    hint: 'Size of a step at its peak. Too high and it forgets how to write.',
    min: 1e-7,
    max: 1,
    step: 'any',
  },
  { key: 'epochs', label: 'Epochs', hint: 'How often all pairs are gone through.', min: 1, step: 1 },
  {
    key: 'steps',
    label: 'Most steps',
    hint: 'Ends early after this many. Empty: no limit.',
    min: 1,
    step: 1,
    placeholder: 'no limit',
  },
]

const more: readonly Field[] = [
  {
    key: 'rank',
    label: 'Rank',
    hint: 'Size of the adapter. Higher can learn more.',
    min: 1,
    max: 256,
    step: 1,
  },
  {
    key: 'batchSize',
    label: 'Batch size',
    hint: 'Pairs computed at once. Needs memory.',
    min: 1,
    max: 256,
    step: 1,
  },
  {
    key: 'accumulation',
    label: 'Batches a step',
    hint: 'Added up before the adapter changes. Needs time, not memory.',
    min: 1,
    max: 256,
    step: 1,
  },
  {
    key: 'maxLength',
    label: 'Most tokens',
    hint: 'Of prompt and answer. Longer answers lose their end.',
    min: 8,
    step: 1,
  },
  {
    key: 'warmupRatio',
    label: 'Warm-up',
    hint: 'Share of the steps over which the learning rate rises.',
    min: 0,
    max: 1,
    step: 'any',
  },
  {
    key: 'seed',
    label: 'Seed',
    hint: 'The same seed gives the same result on the same GPU.',
    min: 0,
    max: 4294967295,
    step: 1,
  },
]

export function TrainingFields() {
  const now = options.value
  const set = (change: Partial<JobOptions>) => {
    options.value = { ...options.value, ...change }
  }
  const field = ({ key, ...rest }: Field) => (
    <NumberField
      key={key}
      {...rest}
      value={now[key]}
      disabled={busy.value}
      onValue={value => set({ [key]: value })}
    />
  )
  return (
    <>
      <fieldset class="choices" disabled={busy.value}>
        <legend>Loss</legend>
        {losses.map(({ name, label, hint }) => (
          <label key={name} class="choice">
            <input
              type="radio"
              name="loss"
              checked={now.loss === name}
              onChange={() => set({ loss: name })}
            />
            <span>
              <b>{label}</b>
              <span class="hint">{hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="fields">{main.map(field)}</div>
      <details>
        <summary>More options</summary>
        <div class="fields">{more.map(field)}</div>
        <label class="choice">
          <input
            type="checkbox"
            checked={now.recompute}
            disabled={busy.value}
            onChange={event => set({ recompute: event.currentTarget.checked })}
          />
          <span>
            <b>Save memory</b>
            <span class="hint">
              Computes layers again instead of keeping them: about a third more time, much less memory.
            </span>
          </span>
        </label>
      </details>
    </>
  )
}

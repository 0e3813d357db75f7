import { type FieldValue, type Method, type NamedLoss, namedLosses, type WeightedLoss } from '../../src/index'
import { lossesFor, setField, values } from '../config-state'

type Losses = readonly WeightedLoss[]

const about = (name: string): NamedLoss => namedLosses[name as keyof typeof namedLosses]

/** What is minimized: one loss, or several with their weights. */
export function LossField(props: {
  readonly id: string
  readonly disabled: boolean
  readonly 'aria-describedby': string
  readonly 'aria-invalid': boolean
}) {
  const { id, disabled, ...described } = props
  const losses = values.value.loss as Losses
  const known = lossesFor(values.value.method as Method)
  const free = known.filter(name => losses.every(loss => loss.name !== name))
  const set = (next: Losses) => setField('loss', next as FieldValue)
  const change = (at: number, loss: Partial<WeightedLoss>) =>
    set(losses.map((old, n) => (n === at ? { ...old, ...loss } : old)))
  return (
    <div class="losses">
      {losses.map(({ name, weight }, n) => (
        <div key={name} class="loss">
          <div class="loss-line">
            <select
              {...(n === 0 ? { id, ...described } : { 'aria-label': `Loss ${n + 1}` })}
              disabled={disabled}
              value={name}
              onChange={event => change(n, { name: event.currentTarget.value })}
            >
              {[name, ...free].sort(inOrder(known)).map(option => (
                <option key={option} value={option}>
                  {option}
                </option>
              ))}
            </select>
            {losses.length > 1 && (
              <>
                <input
                  type="number"
                  aria-label={`Weight of ${name}`}
                  min={0.001}
                  step="any"
                  disabled={disabled}
                  value={weight}
                  onChange={event => {
                    const input = event.currentTarget
                    if (input.value !== '' && input.reportValidity())
                      change(n, { weight: input.valueAsNumber })
                  }}
                />
                <button
                  type="button"
                  class="quiet"
                  disabled={disabled}
                  aria-label={`Leave ${name} out`}
                  onClick={() => set(losses.filter((_, k) => k !== n))}
                >
                  Remove
                </button>
              </>
            )}
          </div>
          <p class="hint">{about(name).summary}</p>
        </div>
      ))}
      {free.length > 0 && (
        <button
          type="button"
          class="link"
          disabled={disabled}
          onClick={() => set([...losses, { name: free[0]!, weight: 1 }])}
        >
          Add another loss
        </button>
      )}
    </div>
  )
}

const inOrder = (known: readonly string[]) => (a: string, b: string) => known.indexOf(a) - known.indexOf(b)

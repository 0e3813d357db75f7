import { useId } from 'preact/hooks'

/** A number that is dragged, or typed where a slider is too coarse; both answer as they move. */
export function SliderField(props: {
  readonly label: string
  readonly hint: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step: number
  /** Least value that may be typed; the slider begins at `min`. */
  readonly typedMin?: number
  readonly disabled?: boolean
  /** `null` when the field was emptied. */
  readonly onValue: (value: number | null) => void
}) {
  const { label, hint, value, min, max, step, typedMin = min, disabled = false, onValue } = props
  const id = useId()
  return (
    <div class="field slider">
      <label for={id}>{label}</label>
      <div class="slider-inputs">
        <input
          type="range"
          aria-label={`${label}, slider`}
          aria-describedby={`${id}-hint`}
          min={min}
          max={max}
          step={step}
          value={value}
          disabled={disabled}
          onInput={event => onValue(event.currentTarget.valueAsNumber)}
        />
        <input
          id={id}
          type="number"
          inputMode="decimal"
          aria-describedby={`${id}-hint`}
          min={typedMin}
          max={max}
          step="any"
          value={value}
          onChange={event => {
            const input = event.currentTarget
            if (!input.reportValidity()) return
            onValue(input.value === '' ? null : input.valueAsNumber)
          }}
        />
      </div>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  )
}

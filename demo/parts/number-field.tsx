import { useId } from 'preact/hooks'

/** A number with its explanation. `null` stands for an empty field where that means something. */
export function NumberField(props: {
  readonly label: string
  readonly hint: string
  readonly value: number | null
  readonly min: number
  readonly max?: number
  readonly step: number | 'any'
  readonly placeholder?: string
  readonly disabled?: boolean
  readonly onValue: (value: number | null) => void
}) {
  const { label, hint, value, onValue, placeholder, ...rest } = props
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        inputMode="decimal"
        required={placeholder === undefined}
        placeholder={placeholder ?? ''}
        value={value ?? ''}
        aria-describedby={`${id}-hint`}
        onChange={event => {
          const input = event.currentTarget
          if (!input.reportValidity()) return
          onValue(input.value === '' ? null : input.valueAsNumber)
        }}
        {...rest}
      />
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  )
}

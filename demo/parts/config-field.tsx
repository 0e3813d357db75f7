import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { expectedOf, type FieldKey, fieldOf, fieldText, type TrainingField } from '../../src/index'
import { errors, resetField, setField, typedText, typeField, valueBefore, values } from '../config-state'
import { LossField } from './loss-field'

/** One option of a training run, as the table of options describes it: explained, checked, and set back. */
export function ConfigField(props: {
  readonly name: FieldKey
  readonly disabled: boolean
  /** Of what can be typed. */
  readonly suggestions?: readonly string[]
}) {
  const { name, disabled, suggestions = [] } = props
  const id = useId()
  const field = fieldOf(name)
  const error = errors.value[name]
  const common = {
    id,
    disabled,
    'aria-invalid': error !== undefined,
    'aria-describedby': `${id}-hint${error === undefined ? '' : ` ${id}-error`}`,
  }
  if (field.kind === 'flag')
    return (
      <div class="field wide">
        <label class="tick">
          <input
            {...common}
            type="checkbox"
            checked={values.value[name] === true}
            onChange={event => setField(name, event.currentTarget.checked)}
          />
          <span>
            <b>{field.label}</b>
            <span class="hint" id={`${id}-hint`}>
              {field.help}
            </span>
          </span>
        </label>
        <Below id={id} name={name} error={error} disabled={disabled} />
      </div>
    )
  return (
    <div class={`field${field.kind === 'choice' || field.kind === 'losses' ? ' wide' : ''}`}>
      <label for={id}>{field.label}</label>
      {field.kind === 'losses' ? (
        <LossField {...common} />
      ) : field.kind === 'choice' ? (
        <Choice name={name} field={field} common={common} />
      ) : (
        <input
          {...common}
          {...(suggestions.length > 0 ? { list: `${id}-list` } : {})}
          type="text"
          inputMode={field.kind === 'number' || field.kind === 'integer' ? 'decimal' : 'text'}
          spellcheck={false}
          autocomplete="off"
          placeholder={field.none ?? ''}
          title={`Takes ${expectedOf(field)}`}
          value={typedText(name)}
          onChange={event => typeField(name, event.currentTarget.value)}
        />
      )}
      {suggestions.length > 0 && (
        <datalist id={`${id}-list`}>
          {suggestions.map(text => (
            <option key={text} value={text} />
          ))}
        </datalist>
      )}
      <p class="hint" id={`${id}-hint`}>
        {field.help}
      </p>
      <Below id={id} name={name} error={error} disabled={disabled} />
    </div>
  )
}

type Common = Readonly<Record<'id' | 'aria-describedby', string>> & {
  readonly disabled: boolean
  readonly 'aria-invalid': boolean
}

/** A choice of few values, each with its meaning; the first one may be to have none. */
function Choice(props: {
  readonly name: FieldKey
  readonly field: Extract<TrainingField, { readonly kind: 'choice' }>
  readonly common: Common
}) {
  const { name, field, common } = props
  const value = values.value[name]
  return (
    <select
      {...common}
      value={typeof value === 'string' ? value : ''}
      onChange={event => setField(name, event.currentTarget.value || null)}
    >
      {field.none !== undefined && <option value="">{field.none}</option>}
      {Object.entries(field.choices).map(([choice, meaning]) => (
        <option key={choice} value={choice}>
          {choice}: {meaning}
        </option>
      ))}
    </select>
  )
}

/** What is wrong with a field, and the way back to what it was. */
function Below(props: {
  readonly id: string
  readonly name: FieldKey
  readonly error: string | undefined
  readonly disabled: boolean
}) {
  const { id, name, error, disabled } = props
  const { label, none } = fieldOf(name)
  const before = valueBefore(name)
  const told: ComponentChildren = before === null ? none : before !== undefined && fieldText(before)
  return (
    <>
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
      {before !== undefined && (
        <button
          type="button"
          class="link set-back"
          disabled={disabled}
          aria-label={`Set ${label} back to ${told}`}
          onClick={() => resetField(name)}
        >
          back to {told}
        </button>
      )}
    </>
  )
}

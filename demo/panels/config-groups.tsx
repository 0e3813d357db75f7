import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { type FieldKey, fieldGroups, fieldOf, type TrainingField } from '../../src/index'
import { errors, setField, valueBefore, values } from '../config-state'
import { ConfigField } from '../parts/config-field'
import { counted } from '../parts/format'
import { referenceNames } from '../training-state'

/** Options that decide most, in the order in which one thinks of them. */
const mainKeys: readonly FieldKey[] = [
  'loss',
  'trained',
  'learningRate',
  'epochs',
  'steps',
  'beta',
  'draw',
  'rank',
]

const applying = (keys: readonly FieldKey[]) => keys.filter(key => key in values.value)

/** What is learned from, as the choice that all others follow. */
export function MethodField({ disabled }: { readonly disabled: boolean }) {
  const { choices, label } = fieldOf('method') as Extract<TrainingField, { readonly kind: 'choice' }>
  const names = { sft: 'SFT', preference: 'Preference', labelled: 'Good and bad', scorer: 'Scorer' }
  return (
    <fieldset class="choices methods" disabled={disabled}>
      <legend>{label}</legend>
      {Object.entries(choices).map(([name, meaning]) => (
        <label key={name} class="choice">
          <input
            type="radio"
            name="method"
            checked={values.value.method === name}
            onChange={() => setField('method', name)}
          />
          <span>
            <b>{names[name as keyof typeof names]}</b>
            <span class="hint">{meaning}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

/** All other options that apply: the few that decide most, then the rest in their groups. */
export function ConfigGroups({ disabled }: { readonly disabled: boolean }) {
  const suggestions = (name: FieldKey) => (name === 'referenceModel' ? referenceNames.value : [])
  const field = (name: FieldKey) => (
    <ConfigField key={name} name={name} disabled={disabled} suggestions={suggestions(name)} />
  )
  const groups = fieldGroups
    .map(({ title, keys }) => ({ title, keys: applying(keys).filter(key => !shownAbove(key)) }))
    .filter(({ keys }) => keys.length > 0)
  return (
    <>
      <div class="fields">{applying(mainKeys).map(field)}</div>
      <div class="groups">
        {groups.map(({ title, keys }) => (
          <Group key={title} title={title} keys={keys}>
            {keys.map(field)}
          </Group>
        ))}
      </div>
    </>
  )
}

/** What stands elsewhere. The storage is the loaded model's, unless a config asks for another. */
const shownAbove = (key: FieldKey) =>
  ['method', 'grade', 'gradeColumn'].includes(key) ||
  mainKeys.includes(key) ||
  (key === 'storage' && errors.value.storage === undefined)

function Group(props: {
  readonly title: string
  readonly keys: readonly FieldKey[]
  readonly children: ComponentChildren
}) {
  const { title, keys, children } = props
  const details = useRef<HTMLDetailsElement>(null)
  const wrong = keys.some(key => errors.value[key] !== undefined)
  const changed = keys.filter(key => valueBefore(key) !== undefined)
  useEffect(() => {
    // What is wrong is not hidden; closing it again is left to the visitor.
    if (wrong && details.current) details.current.open = true
  }, [wrong])
  return (
    <details ref={details}>
      <summary>
        {title}
        <span class="muted">
          {' '}
          {counted(keys.length, 'option')}
          {changed.length > 0 && `, ${changed.length} changed`}
        </span>
      </summary>
      <div class="fields">{children}</div>
    </details>
  )
}

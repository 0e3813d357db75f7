/** A value that a field of a training run may have in JSON. */
export type FieldValue = number | string | boolean | null | readonly string[] | readonly WeightedLoss[]

/** A summand of what is minimized. */
export interface WeightedLoss {
  /** A name of `namedLosses`. */
  readonly name: string
  readonly weight: number
}

/** Values of a run's fields by key. Those that are left out have their defaults. */
export type FieldValues = Readonly<Record<string, FieldValue>>

/**
 * Fields by key, each with the values of which it must have one: of a list an entry's name, of a flag `true` or `false`,
 * `none` for no value and `given` for any. Only of fields that stand earlier in the table; all must hold.
 */
export type Condition = Readonly<Record<string, readonly string[]>>

interface Described {
  /** What the page calls it. */
  readonly label: string
  /** What it does, in one sentence. */
  readonly help: string
  /** When it applies: if any of these holds. Always, if left out. */
  readonly when?: readonly Condition[]
  /** What it means to have no value, for fields that need not have one: `null` in JSON, `none` on the command line. */
  readonly none?: string
}

interface Defaulted<T> {
  readonly default: T
  /** In place of the default: the first whose condition holds. */
  readonly defaultWhen?: readonly { readonly when: Condition; readonly default: T }[]
}

export interface NumberField extends Described, Defaulted<number | null> {
  readonly kind: 'number' | 'integer'
  readonly min?: number
  readonly max?: number
  /** Must be greater than this. */
  readonly above?: number
  /** Must be less than this. */
  readonly below?: number
}

export interface ChoiceField extends Described, Defaulted<string | null> {
  readonly kind: 'choice'
  /** What each one means, in a few words. */
  readonly choices: Readonly<Record<string, string>>
}

export interface FlagField extends Described, Defaulted<boolean> {
  readonly kind: 'flag'
}

export interface TextField extends Described, Defaulted<string | null> {
  readonly kind: 'text'
}

export interface ListField extends Described, Defaulted<readonly string[] | null> {
  readonly kind: 'list'
}

export interface LossesField extends Described, Defaulted<readonly WeightedLoss[]> {
  readonly kind: 'losses'
}

/** An option of a training run: what the command makes a flag of, and the page an input. */
export type TrainingField = NumberField | ChoiceField | FlagField | TextField | ListField | LossesField

/** The value that a field has in JSON. */
export type ValueOf<F> =
  | (F extends { readonly kind: 'number' | 'integer' } ? number : never)
  | (F extends { readonly kind: 'choice'; readonly choices: infer C } ? keyof C & string : never)
  | (F extends { readonly kind: 'flag' } ? boolean : never)
  | (F extends { readonly kind: 'text' } ? string : never)
  | (F extends { readonly kind: 'list' } ? readonly string[] : never)
  | (F extends { readonly kind: 'losses' } ? readonly WeightedLoss[] : never)
  | (F extends { readonly none: string } ? null : never)

/** Whether a field's conditions hold for the values of the fields before it. */
export const applies = ({ when }: Pick<TrainingField, 'when'>, values: FieldValues): boolean =>
  when === undefined || when.some(condition => holds(condition, values))

/** Whether all of a condition's fields have one of the values it names. */
export const holds = (condition: Condition, values: FieldValues): boolean =>
  Object.entries(condition).every(([key, wanted]) => namesOf(values[key]).some(name => wanted.includes(name)))

function namesOf(value: FieldValue | undefined): readonly string[] {
  if (value === undefined) return []
  if (value === null) return ['none']
  if (Array.isArray(value)) return value.map(entry => (typeof entry === 'string' ? entry : entry.name))
  return [String(value), 'given']
}

/** A field's default among the values of the fields before it. */
export const defaultOf = (field: TrainingField, values: FieldValues): FieldValue =>
  field.defaultWhen?.find(({ when }) => holds(when, values))?.default ?? field.default

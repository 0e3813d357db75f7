import { courseFields, dataFields, referenceFields } from './course-fields'
import { divergenceFields, lossFields, methodFields } from './loss-fields'
import { optimizerFields, trainedFields } from './trained-fields'
import type { TrainingField, ValueOf } from './training-field'

/**
 * Every option of a training run by its key in JSON, in the order in which they are decided: an option may depend on
 * those before it. The command's flags, the page's inputs and their explanations are made from it.
 */
export const trainingFields = {
  ...methodFields,
  ...lossFields,
  ...divergenceFields,
  ...trainedFields,
  ...dataFields,
  ...optimizerFields,
  ...courseFields,
  ...referenceFields,
} as const

export type FieldKey = keyof typeof trainingFields

type Always = {
  [K in FieldKey]: (typeof trainingFields)[K] extends { readonly when: unknown } ? never : K
}[FieldKey]

/**
 * All values of a run as JSON. It has those keys whose fields apply, no others. Made by `completeConfig`.
 */
export type TrainingConfig = {
  readonly [K in Always]: ValueOf<(typeof trainingFields)[K]>
} & {
  readonly [K in Exclude<FieldKey, Always>]?: ValueOf<(typeof trainingFields)[K]>
}

/** Fields that belong together, in the table's order. */
export const fieldGroups: readonly { readonly title: string; readonly keys: readonly FieldKey[] }[] = (
  [
    ['What is learned', methodFields],
    ['Loss', { ...lossFields, ...divergenceFields }],
    ['What is trained', trainedFields],
    ['Examples', dataFields],
    ['Optimizer', optimizerFields],
    ['Course', courseFields],
    ['Reference', referenceFields],
  ] as const
).map(([title, fields]) => ({ title, keys: Object.keys(fields) as FieldKey[] }))

/** The table's entries, typed alike. */
export const fieldEntries = Object.entries(trainingFields) as readonly (readonly [FieldKey, TrainingField])[]

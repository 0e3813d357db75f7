import * as fc from 'fast-check'
import { ConfigError } from '../../src/job/config-error'
import { namedLosses } from '../../src/job/named-losses'
import { completeConfig, type TrainingOptions } from '../../src/job/training-config'
import type { FieldValue, TrainingField } from '../../src/job/training-field'
import { fieldEntries } from '../../src/job/training-fields'

const word = fc.stringMatching(/^[a-z][a-z_.]{0,8}$/).filter(text => text !== 'none')

const losses = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...Object.keys(namedLosses)),
    weight: fc.double({ min: 1e-6, max: 100, noNaN: true }),
  }),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
)

/** A value that a field takes, whether or not it applies. */
function anyValue(field: TrainingField): fc.Arbitrary<FieldValue> {
  const none = field.none === undefined ? [] : [fc.constant(null)]
  switch (field.kind) {
    case 'integer':
      return fc.oneof(fc.integer({ min: field.min ?? 0, max: field.max ?? 1e6 }), ...none)
    case 'number': {
      const { min = 0, max = 1e6, above, below } = field
      const values = fc.double({ min: above ?? min, max: below ?? max, noNaN: true })
      const open = values.filter(value => value !== above && value !== below && !Object.is(value, -0))
      return fc.oneof(open, ...none)
    }
    case 'choice':
      return fc.oneof(fc.constantFrom(...Object.keys(field.choices)), ...none)
    case 'flag':
      return fc.boolean()
    case 'text':
      return fc.oneof(word, ...none)
    case 'list':
      return fc.oneof(fc.array(word, { minLength: 1, maxLength: 3 }), ...none)
    case 'losses':
      return losses
  }
}

const anyValues = fc.record(Object.fromEntries(fieldEntries.map(([key, field]) => [key, anyValue(field)])), {
  requiredKeys: [],
})

/** Options of a training run that go together. */
export const anyOptions: fc.Arbitrary<TrainingOptions> = fc
  .record({
    values: anyValues,
    method: fc.constantFrom('sft', 'preference', 'labelled', 'scorer'),
  })
  .map(({ values, method }) => onlyApplying({ ...values, method } as TrainingOptions))

/** Leaves out one option after the other until nothing is refused. */
function onlyApplying(options: TrainingOptions): TrainingOptions {
  let left = { ...options } as Record<string, FieldValue>
  for (;;) {
    try {
      completeConfig(left as TrainingOptions)
      return left as TrainingOptions
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      const culprit = /^(\w+) does not apply/.exec(error.message)?.[1]
      const suspects = culprit === undefined ? ['reference', 'loss', ...Object.keys(left)] : [culprit]
      const { [suspects.find(key => key in left)!]: _, ...rest } = left
      left = rest
    }
  }
}

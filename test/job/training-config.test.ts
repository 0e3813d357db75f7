import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/job/config-error'
import { fieldFromText, fieldText } from '../../src/job/field-values'
import { namedLosses } from '../../src/job/named-losses'
import {
  changeOptions,
  completeConfig,
  parseTrainingConfig,
  parseTrainingOptions,
} from '../../src/job/training-config'
import type { Condition, FieldValues } from '../../src/job/training-field'
import { type FieldKey, fieldEntries, fieldGroups, trainingFields } from '../../src/job/training-fields'
import { anyOptions } from './any-config'

describe('the table of fields', () => {
  it('explains each in a sentence, and puts each into one group', () => {
    for (const [key, { label, help }] of fieldEntries) {
      expect(help, key).toMatch(/^[A-Z].*\.$/)
      expect(label, key).not.toBe('')
    }
    const grouped = fieldGroups.flatMap(({ keys }) => keys)
    expect(grouped).toEqual(Object.keys(trainingFields))
  })

  it('has conditions that name fields before them, and values that these can have', () => {
    const keys = fieldEntries.map(([key]) => key)
    const conditions = fieldEntries.flatMap(([key, { when = [], defaultWhen = [] }]) =>
      [...when, ...defaultWhen.map(({ when }) => when)].map(condition => [key, condition] as const),
    )
    expect(conditions.length).toBeGreaterThan(30)
    for (const [key, condition] of conditions as readonly (readonly [FieldKey, Condition])[]) {
      for (const [name, wanted] of Object.entries(condition)) {
        expect(keys.indexOf(name as FieldKey), `${key} by ${name}`).toBeLessThan(keys.indexOf(key))
        const field = trainingFields[name as FieldKey]
        const known =
          field.kind === 'choice'
            ? Object.keys(field.choices)
            : field.kind === 'losses'
              ? Object.keys(namedLosses)
              : ['true', 'false', 'none', 'given']
        expect(known, `${key} by ${name}`).toEqual(expect.arrayContaining([...wanted]))
      }
    }
  })

  it('has defaults that its own fields take', () => {
    for (const [key, field] of fieldEntries)
      for (const value of [field.default, ...(field.defaultWhen ?? []).map(entry => entry.default)])
        expect(parseTrainingOptions({ [key]: value }), key).toEqual({ [key]: value })
  })

  it('knows every option of every loss', () => {
    for (const { options } of Object.values(namedLosses))
      for (const option of options) expect(trainingFields).toHaveProperty(option)
  })
})

describe('completeConfig', () => {
  it('fills in what is left out, by what is given', () => {
    expect(parseTrainingConfig({})).toMatchObject({ method: 'preference', beta: 0.1, learningRate: 1e-4 })
    expect(parseTrainingConfig({ trained: 'full' })).toMatchObject({ learningRate: 1e-6 })
    expect(parseTrainingConfig({ method: 'sft', trained: 'full' })).toMatchObject({ learningRate: 2e-5 })
    expect(parseTrainingConfig({ method: 'labelled' }).loss).toEqual([{ name: 'kto', weight: 1 }])
    expect(parseTrainingConfig({ optimizer: 'lion' }).beta2).toBe(0.99)
    for (const loss of ['aot', 'aot-unpaired', 'beta-dpo'])
      expect(parseTrainingConfig({ loss }).accumulation, loss).toBe(1)
    expect(parseTrainingConfig({ warmupSteps: 3 })).not.toHaveProperty('warmupRatio')
  })

  it('has the keys of fields that apply, and no others', () => {
    const config = parseTrainingConfig({ method: 'sft', trained: 'full' })
    for (const key of ['beta', 'rank', 'reference', 'rounds', 'syncAlpha'])
      expect(config).not.toHaveProperty(key)
    expect(config).toHaveProperty('packing', false)
  })

  it('is what it was, completed again, whatever it is', () => {
    fc.assert(
      fc.property(anyOptions, options => {
        const config = completeConfig(options)
        expect(completeConfig(config)).toEqual(config)
        expect(parseTrainingConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
        expect(config).toMatchObject(options)
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    [[], 'the config is no JSON object of options'],
    [{ bta: 1 }, 'bta is no option of a training run; did you mean beta?'],
    [{ learning_rate: 1 }, 'learning_rate is no option of a training run; did you mean learningRate?'],
    [{ beta: '0.1' }, 'beta is "0.1", expected a number above 0'],
    [{ beta: 0 }, 'beta is 0, expected a number above 0'],
    [{ seed: 1.5 }, 'seed is 1.5, expected a whole number at least 0 and at most 4294967295'],
    [{ steps: 0 }, 'steps is 0, expected a whole number at least 1, or none for all of the epochs'],
    [{ trained: 'all' }, 'trained is "all", expected one of lora, dora, full'],
    [{ recompute: 1 }, 'recompute is 1, expected true or false'],
    [{ epochs: null }, 'epochs is null, expected a whole number at least 1'],
    [{ loss: 'sampoo' }, 'loss has "sampoo", which is no loss; did you mean sampo?'],
    [{ loss: [{ name: 'dpo', weight: -1 }] }, 'loss: the weight of dpo is -1, expected a number above 0'],
    [{ loss: 'dpo,sigmoid' }, 'loss names dpo twice; give it one weight'],
    [
      { loss: 'kto' },
      'loss is kto, which is for the method labelled and not for preference; expected sft, dpo,',
    ],
    [
      { draw: 'mean' },
      'draw does not apply: it is for loss sampo, or tokens sampled, and loss is dpo and tokens is all',
    ],
    [
      { trained: 'full', rank: 8 },
      'rank does not apply: it is for trained lora or dora, and trained is full',
    ],
    [
      { warmupSteps: 3, warmupRatio: 0.1 },
      'warmupRatio does not apply: it is for warmupSteps none, and warmupSteps is 3',
    ],
    [
      { loss: 'exo-pair', labelSmoothing: 0 },
      'the loss exo-pair takes the logarithm of labelSmoothing, which is 0',
    ],
    [
      { loss: 'aot', accumulation: 2 },
      'compare the pairs of a batch, and accumulation 2 would show them only a part',
    ],
    [
      { truncation: 'prompt-first', promptKeep: 512, maxLength: 512 },
      'promptKeep is 512, which leaves nothing of maxLength 512 to an answer; set promptKeep, to 256 for',
    ],
    [{ method: 'labelled', evalExamples: 1 }, 'evalExamples is 1, and the loss kto compares an answer with'],
    [{ loss: 'beta-dpo,dpo', accumulation: 1, wpo: true }, 'wpo weighs each pair’s own loss'],
    [{ loss: 'cpo', cpoKind: 'ipo', labelSmoothing: 0.1 }, 'labelSmoothing is not defined for cpoKind ipo'],
    [{ reference: 'model' }, 'reference is model, and referenceModel names none'],
    [{ method: 'labelled', reference: 'cached' }, 'reference must be live, copy or model'],
    [{ trained: 'full', reference: 'live' }, 'reference is live, which turns the adapter off'],
    [{ optimizer: 'sgd', momentum: 0, nesterov: true }, 'nesterov steps ahead by the momentum, which is 0'],
  ])('refuses %j', (json, message) => {
    const refused = (() => {
      try {
        parseTrainingConfig(json)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toBeInstanceOf(ConfigError)
    expect((refused as ConfigError).message).toContain(message)
  })

  it('reads any JSON, or says in a ConfigError what is wrong', () => {
    const json = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...Object.keys(trainingFields)), fc.jsonValue(), { maxKeys: 4 }),
    )
    fc.assert(
      fc.property(json, value => {
        try {
          parseTrainingConfig(value)
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
        }
      }),
    )
  })

  it('calls losses by their own names where TRL has others', () => {
    expect(parseTrainingOptions({ loss: 'sigmoid_norm:0.5, sft:2' }).loss).toEqual([
      { name: 'dpo-norm', weight: 0.5 },
      { name: 'sft', weight: 2 },
    ])
    expect(parseTrainingOptions({ loss: [{ name: 'apo_zero' }] }).loss).toEqual([
      { name: 'apo-zero', weight: 1 },
    ])
  })
})

describe('changeOptions', () => {
  it('lays changes over options, and says which of these do not apply any more', () => {
    const recipe = parseTrainingOptions({ loss: 'sampo', draw: 'mean', rank: 128, epochs: 2 })
    expect(changeOptions(recipe, { epochs: 3 })).toEqual({ options: { ...recipe, epochs: 3 }, left: [] })
    expect(changeOptions(recipe, { trained: 'full', loss: [{ name: 'ipo', weight: 1 }] })).toEqual({
      options: { loss: [{ name: 'ipo', weight: 1 }], epochs: 2, trained: 'full' },
      left: ['draw', 'rank'],
    })
    expect(changeOptions(recipe, { method: 'sft' })).toEqual({
      options: { method: 'sft', rank: 128, epochs: 2 },
      left: ['loss', 'draw'],
    })
  })

  it('refuses a change that does not apply', () => {
    expect(() => changeOptions({ trained: 'full' }, { rank: 4 })).toThrow(
      new ConfigError('rank does not apply: it is for trained lora or dora, and trained is full', 'rank'),
    )
    expect(() => changeOptions({}, parseTrainingOptions({ loss: 'kto' }))).toThrow(ConfigError)
  })

  it('gives options that are complete without an error, whatever is changed', () => {
    fc.assert(
      fc.property(anyOptions, anyOptions, (options, changes) => {
        const all = { ...completeConfig(changes) }
        const changed = changeOptions(options, all)
        expect(completeConfig(changed.options)).toEqual(all)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a value as text', () => {
  it('is the value again, for every field', () => {
    fc.assert(
      fc.property(anyOptions, options => {
        for (const [key, value] of Object.entries(options as FieldValues))
          expect(fieldFromText(key, trainingFields[key as FieldKey], fieldText(value)), key).toEqual(value)
      }),
    )
  })

  it.each([
    ['beta', '', "beta is '', expected a number above 0"],
    ['beta', '1e400', "beta is '1e400', expected a number above 0"],
    ['rank', 'none', "rank is 'none', expected a whole number at least 1 and at most 1024"],
    ['recompute', 'yes', "recompute is 'yes', expected true or false"],
    ['targets', 'a,,b', "targets is 'a,,b', expected names, with commas between them"],
  ] as const)('%s is not %j', (key, text, message) => {
    expect(() => fieldFromText(key, trainingFields[key], text)).toThrow(message)
  })
})

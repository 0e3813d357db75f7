import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/cli/options'
import { readTrainArguments, trainUsage } from '../../src/cli/train-arguments'
import { flagOf } from '../../src/cli/training-arguments'
import { fieldText } from '../../src/job/field-values'
import { namedLosses } from '../../src/job/named-losses'
import { recipeOptions } from '../../src/job/recipe'
import { recipes } from '../../src/job/recipes'
import { completeConfig, type TrainingOptions } from '../../src/job/training-config'
import type { FieldValue } from '../../src/job/training-field'
import { fieldEntries } from '../../src/job/training-fields'
import { anyOptions } from '../job/any-config'
import { temporaryFolder } from './command'

const base = ['--data', 'data.json', '--out', 'absent']
const config = (...args: string[]) => readTrainArguments([...base, ...args]).config

/** Options as they would be typed. */
const flags = (options: TrainingOptions): string[] =>
  Object.entries(options).map(([key, value]: [string, FieldValue]) => {
    if (typeof value === 'boolean') return `--${value ? '' : 'no-'}${flagOf(key)}`
    return `--${flagOf(key)}=${fieldText(value)}`
  })

describe('the options of a training', () => {
  it('are the same as flags, as a file, and as the file of the whole config', () => {
    const file = join(temporaryFolder(), 'config.json')
    fc.assert(
      fc.property(anyOptions, options => {
        const wanted = completeConfig(options)
        expect(config(...flags(options))).toEqual(wanted)
        writeFileSync(file, JSON.stringify(options))
        expect(config('--config', file)).toEqual(wanted)
        writeFileSync(file, JSON.stringify(wanted))
        expect(config('--config', file)).toEqual(wanted)
      }),
      { numRuns: 60 },
    )
  })

  it('are explained, each flag and each loss', () => {
    for (const [key] of fieldEntries)
      expect(trainUsage, key).toMatch(new RegExp(`^  --${flagOf(key)}\\b`, 'm'))
    for (const name of Object.keys(namedLosses)) expect(trainUsage).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  it('are explained with each of their defaults, and how those are turned off that are on', () => {
    const words = trainUsage.replaceAll(/\s+/g, ' ')
    for (const text of ['(default: 0.1; 5 for dpo-norm; 2 for simpo)', '0.001 for exo-pair; 0.1 for cdpo or'])
      expect(words).toContain(text)
    expect(words).toMatch(/--learning-rate X .*?; 2e-5 for trained full and method sft or scorer; 1e-6 for/)
    for (const [key, field] of fieldEntries.filter(([, { kind }]) => kind === 'flag'))
      expect(trainUsage.includes(`--no-${flagOf(key)}\n`), key).toBe(field.default)
  })

  it('are those of a recipe, scaled unless it is asked for as published', () => {
    for (const [name, recipe] of Object.entries(recipes)) {
      const variant = (kind: 'scaled' | 'published') => completeConfig(recipeOptions(recipe, kind))
      expect(config('--recipe', name)).toEqual(variant('scaled'))
      expect(config('--recipe', name, '--published')).toEqual(variant('published'))
    }
  })

  it('of a flag are over those of the file, and these over those of the recipe', () => {
    const file = join(temporaryFolder(), 'config.json')
    writeFileSync(file, JSON.stringify({ epochs: 5, seed: 6 }))
    const args = ['--recipe', 'sampo', '--config', file, '--seed', '7']
    expect(config(...args)).toMatchObject({ loss: [{ name: 'sampo', weight: 1 }], epochs: 5, seed: 7 })
  })

  it('of the recipe that do not apply beside a flag are left out, and named', () => {
    const args = [...base, '--recipe', 'zephyr-dpo', '--trained', 'full', '--storage', 'f32']
    expect(() => readTrainArguments(args)).toThrow('storage does not apply')
    const { left, config } = readTrainArguments(args.slice(0, -2))
    expect(left).toEqual(['rank', 'alpha', 'dropout'])
    expect(config).toMatchObject({ trained: 'full', beta: 0.01 })
  })

  it('say the method where only the data does', () => {
    const method = (...args: string[]) => readTrainArguments(['--out', 'absent', ...args]).config.method
    expect(method('--rows', 'a')).toBe('sft')
    expect(method('--rows', 'a', '--method', 'scorer')).toBe('scorer')
    expect(method('--pairs', 'a')).toBe('preference')
    expect(method('--labelled', 'a')).toBe('labelled')
    expect(method('--data', 'a', '--recipe', 'deita-sft')).toBe('sft')
  })

  it('are those of the run that goes on', () => {
    const out = temporaryFolder()
    mkdirSync(out, { recursive: true })
    const own = completeConfig({ epochs: 4, rank: 2 })
    writeFileSync(join(out, 'training.json'), JSON.stringify(own))
    const read = (...args: string[]) => readTrainArguments(['--data', 'a', '--out', out, ...args]).config
    expect(read('--resume')).toEqual(own)
    expect(read()).toEqual(completeConfig({}))
  })

  it.each([
    [['--data', 'a'], '--out DIR is missing'],
    [['--out', 'a'], 'there is nothing to learn from: give --data FILE'],
    [[...base, '--pairs', 'b'], '--pairs is one too many beside --data'],
    [
      ['--out', 'a', '--pairs', 'b', '--method', 'sft'],
      'the method sft learns from rows: give --rows FILE, not --pairs',
    ],
    [[...base, '--recipe', 'dpo'], "--recipe is 'dpo', expected one of deita-sft"],
    [[...base, '--published'], '--published is of no use without --recipe'],
    [[...base, '--config', 'absent.json'], 'absent.json: there is no such file'],
    [[...base, '--learning-rate', 'fast'], "--learning-rate is 'fast', expected a number above 0"],
    [[...base, '--max-grad-norm', 'none', '--rank', 'none'], "--rank is 'none', expected a whole number"],
    [[...base, '--recompute', '--no-recompute'], '--recompute and --no-recompute are both given'],
    [[...base, '--learning-rat', '1'], "Unknown option '--learning-rat'; did you mean --learning-rate?"],
    [[...base, '--method', 'sft', '--beta', '1'], 'beta does not apply: it is for loss dpo'],
  ])('of %j are refused', (args, message) => {
    expect(() => readTrainArguments(args)).toThrow(UsageError)
    expect(() => readTrainArguments(args)).toThrow(message)
  })

  it('of a file are refused by name', () => {
    const file = join(temporaryFolder(), 'config.json')
    for (const [content, message] of [
      ['{', `${file}: `],
      ['[]', `${file}: the config is no JSON object of options`],
      [
        '{"learningrate":1}',
        `${file}: learningrate is no option of a training run; did you mean learningRate?`,
      ],
      ['{"beta":-1}', `${file}: beta is -1, expected a number above 0`],
    ] as const) {
      writeFileSync(file, content)
      expect(() => config('--config', file)).toThrow(UsageError)
      expect(() => config('--config', file)).toThrow(message)
    }
  })
})

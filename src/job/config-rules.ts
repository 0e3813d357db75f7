import { ConfigError } from './config-error'
import type { TrainingConfig } from './training-fields'

interface Rule {
  /** Whether a config breaks it. */
  readonly broken: (config: TrainingConfig) => boolean
  /** What does not go together, and the way out. */
  readonly because: (config: TrainingConfig) => string
}

const has = (config: TrainingConfig, ...names: readonly string[]) =>
  config.loss.some(({ name }) => names.includes(name))

/** What single fields cannot say. */
const rules: readonly Rule[] = [
  {
    broken: ({ reference, trained }) => reference === 'live' && trained === 'full',
    because: () =>
      'reference is live, which turns the adapter off, and trained full has none; use cached, copy or model',
  },
  {
    broken: ({ reference, trained }) => reference === 'copy' && trained !== 'full',
    because: ({ trained }) =>
      `reference is copy, and trained ${trained} leaves the weights as they are; use cached or live`,
  },
  {
    broken: config => config.reference === 'cached' && has(config, 'kto'),
    because: () =>
      'the loss kto compares answers with prompts that are not theirs, which no cache holds; reference must be live, copy or model',
  },
  {
    broken: config => has(config, 'exo-pair') && config.labelSmoothing === 0,
    because: () =>
      'the loss exo-pair takes the logarithm of labelSmoothing, which is 0; set it, to 0.001 for example',
  },
  {
    broken: config => config.nesterov === true && config.momentum === 0,
    because: () => 'nesterov steps ahead by the momentum, which is 0; set momentum, to 0.9 for example',
  },
  {
    broken: config => config.reference === 'model' && config.referenceModel === null,
    because: () => 'reference is model, and referenceModel names none',
  },
  {
    broken: config => config.method === 'preference' && config.loss.every(({ name }) => name === 'sft'),
    because: () => 'the loss is sft alone, which does not look at rejected answers; use the method sft',
  },
  {
    broken: config => has(config, 'aot', 'aot-unpaired') && config.accumulation > 1,
    because: ({ accumulation }) =>
      `the loss aot sorts a whole batch, and accumulation ${accumulation} would show it only a part at a time; set it to 1`,
  },
]

/** @throws {ConfigError} if options do not go together, though each of them applies */
export function checkCombination(config: TrainingConfig): void {
  const rule = rules.find(({ broken }) => broken(config))
  if (rule) throw new ConfigError(rule.because(config))
}

import { ConfigError } from './config-error'
import { WHOLE_BATCH } from './named-losses'
import type { FieldKey, TrainingConfig } from './training-fields'

interface Rule {
  /** The option that the way out changes. */
  readonly key: FieldKey
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
    key: 'reference',
    broken: ({ reference, trained }) => reference === 'live' && trained === 'full',
    because: () =>
      'reference is live, which turns the adapter off, and trained full has none; use cached, copy or model',
  },
  {
    key: 'reference',
    broken: config => config.reference === 'cached' && has(config, 'kto'),
    because: () =>
      'the loss kto compares answers with prompts that are not theirs, which no cache holds; reference must be live, copy or model',
  },
  {
    key: 'labelSmoothing',
    broken: config => has(config, 'exo-pair') && config.labelSmoothing === 0,
    because: () =>
      'the loss exo-pair takes the logarithm of labelSmoothing, which is 0; set it, to 0.001 for example',
  },
  {
    key: 'momentum',
    broken: config => config.nesterov === true && config.momentum === 0,
    because: () => 'nesterov steps ahead by the momentum, which is 0; set momentum, to 0.9 for example',
  },
  {
    key: 'referenceModel',
    broken: config => config.reference === 'model' && config.referenceModel === null,
    because: () => 'reference is model, and referenceModel names none',
  },
  {
    key: 'loss',
    broken: config => config.method === 'preference' && config.loss.every(({ name }) => name === 'sft'),
    because: () => 'the loss is sft alone, which does not look at rejected answers; use the method sft',
  },
  {
    key: 'accumulation',
    broken: config => has(config, ...WHOLE_BATCH) && config.accumulation > 1,
    because: ({ accumulation }) =>
      `the losses ${WHOLE_BATCH.join(', ')} compare the pairs of a batch, and accumulation ${accumulation} would show them only a part at a time; set it to 1`,
  },
  {
    key: 'promptKeep',
    broken: ({ promptKeep, maxLength }) => promptKeep !== undefined && promptKeep >= maxLength,
    because: ({ promptKeep, maxLength }) =>
      `promptKeep is ${promptKeep}, which leaves nothing of maxLength ${maxLength} to an answer; set promptKeep, to ${Math.max(1, Math.floor(maxLength / 2))} for example`,
  },
  {
    key: 'evalExamples',
    broken: config => has(config, 'kto') && config.evalExamples === 1,
    because: () =>
      'evalExamples is 1, and the loss kto compares an answer with other prompts; set it to 2 or more',
  },
  {
    key: 'wpo',
    broken: config => config.wpo === true && has(config, ...WHOLE_BATCH),
    because: () =>
      `wpo weighs each pair’s own loss, and the losses ${WHOLE_BATCH.join(', ')} compare pairs, so that none has its own`,
  },
  {
    key: 'labelSmoothing',
    broken: ({ cpoKind, labelSmoothing }) =>
      (cpoKind === 'hinge' || cpoKind === 'ipo') && labelSmoothing !== undefined && labelSmoothing > 0,
    because: ({ cpoKind }) => `labelSmoothing is not defined for cpoKind ${cpoKind}; set it to 0`,
  },
]

/** @throws {ConfigError} if options do not go together, though each of them applies */
export function checkCombination(config: TrainingConfig): void {
  const rule = rules.find(({ broken }) => broken(config))
  if (rule) throw new ConfigError(rule.because(config), rule.key)
}

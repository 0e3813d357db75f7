import { type LossOption, lossesWith, namedLosses } from './named-losses'
import type { Condition, TrainingField } from './training-field'

/** What is learned, and of what. */
export const methodFields = {
  method: {
    kind: 'choice',
    label: 'Method',
    help: 'What is learned from.',
    choices: {
      sft: 'conversations: the model learns to write their answers',
      preference: 'pairs: it learns to prefer the chosen answer',
      labelled: 'single answers that are good or bad',
      scorer: 'texts with a grade of 1 to 6: it becomes a scorer as Deita’s',
    },
    default: 'preference',
  },
  grade: {
    kind: 'choice',
    label: 'Grade',
    help: 'What the grades are of, which decides the words that they are asked for with.',
    choices: {
      complexity: 'how hard the question is',
      quality: 'how good the answer is',
    },
    default: 'quality',
    when: [{ method: ['scorer'] }],
  },
  gradeColumn: {
    kind: 'text',
    label: 'Column of grades',
    help: 'The field of a row with its grade, or with a list of one for each exchange.',
    default: 'quality',
    defaultWhen: [{ when: { grade: ['complexity'] }, default: 'complexity' }],
    when: [{ method: ['scorer'] }],
  },
  loss: {
    kind: 'losses',
    label: 'Loss',
    help: 'What is minimized: one loss, or several with a weight for each, added up.',
    default: [{ name: 'dpo', weight: 1 }],
    defaultWhen: [
      { when: { method: ['sft', 'scorer'] }, default: [{ name: 'sft', weight: 1 }] },
      { when: { method: ['labelled'] }, default: [{ name: 'kto', weight: 1 }] },
    ],
  },
} as const satisfies Readonly<Record<string, TrainingField>>

const options = {
  beta: {
    kind: 'number',
    label: 'β',
    help: 'How closely the model is held to the reference, or how much a difference of log-probs counts where there is none.',
    default: 0.1,
    defaultWhen: [
      { when: { loss: ['dpo-norm'] }, default: 5 },
      { when: { loss: ['simpo'] }, default: 2 },
    ],
    above: 0,
  },
  labelSmoothing: {
    kind: 'number',
    label: 'Label smoothing',
    help: 'Share of the pairs that are taken to be the wrong way round.',
    default: 0,
    defaultWhen: [
      { when: { loss: ['exo-pair'] }, default: 0.001 },
      { when: { loss: ['cdpo', 'robust'] }, default: 0.1 },
    ],
    min: 0,
    below: 0.5,
  },
  divergence: {
    kind: 'choice',
    label: 'Divergence',
    help: 'What distance from the reference is measured with.',
    choices: {
      'reverse-kl': 'as DPO',
      'forward-kl': 'spreads over all that the reference writes',
      'js-divergence': 'between both',
      'alpha-divergence': 'between both, by a number',
    },
    default: 'reverse-kl',
  },
  tokens: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens of the answers count.',
    choices: {
      all: 'every token',
      sampled: 'as many of both answers, as SamPO',
      'length-desensitized': 'those beyond the shorter answer’s length less, as LD-DPO',
    },
    default: 'all',
  },
  draw: {
    kind: 'choice',
    label: 'Draw',
    help: 'How the longer answer is brought to the length of the shorter one.',
    choices: {
      shared: 'one draw for model and reference, as in the paper',
      independent: 'two draws, as in the official code; much noise',
      mean: 'no draw: means per token, the paper’s eq. 9',
    },
    default: 'shared',
  },
  ldAlpha: {
    kind: 'number',
    label: 'Excess weight',
    help: 'How much the tokens beyond the shorter answer’s length count.',
    default: 0.5,
    min: 0,
    max: 1,
  },
  wpo: {
    kind: 'flag',
    label: 'Weigh pairs',
    help: 'Weighs each pair by how likely the model is to write its answers itself (WPO).',
    default: false,
  },
  discopopTau: {
    kind: 'number',
    label: 'Temperature',
    help: 'Where the logistic part goes over into the exponential one.',
    default: 0.05,
    above: 0,
  },
  cpoKind: {
    kind: 'choice',
    label: 'CPO’s loss',
    help: 'What is made of the difference of both log-probs.',
    choices: {
      sigmoid: 'as DPO',
      hinge: 'nothing to gain beyond a margin',
      ipo: 'pulled to a fixed value, per token',
      simpo: 'per token, with a target margin',
    },
    default: 'sigmoid',
  },
  gamma: {
    kind: 'number',
    label: 'γ',
    help: 'The margin between both answers that is aimed at.',
    default: 0.5,
    min: 0,
  },
  cpoAlpha: {
    kind: 'number',
    label: 'Supervised weight',
    help: 'How much the chosen answer’s own likelihood counts beside the preference.',
    default: 1,
    min: 0,
  },
  rpoAlpha: {
    kind: 'number',
    label: 'Supervised weight',
    help: 'How much the chosen answer’s own likelihood counts beside the preference.',
    default: 1,
    min: 0,
  },
  dpopLambda: {
    kind: 'number',
    label: 'Penalty',
    help: 'How much it costs to make the chosen answer less likely than the reference does.',
    default: 50,
    min: 0,
  },
  lengthAlpha: {
    kind: 'number',
    label: 'Length penalty',
    help: 'What each token costs by which the chosen answer is longer.',
    default: 0.01,
    min: 0,
  },
  betaScale: {
    kind: 'number',
    label: 'β follows by',
    help: 'How far β follows the difference between a batch’s margins and their running mean.',
    default: 0.6,
    min: 0,
  },
  betaMomentum: {
    kind: 'number',
    label: 'Running mean',
    help: 'How much of the running mean of margins stays at each step.',
    default: 0.9,
    min: 0,
    below: 1,
  },
  betaDrop: {
    kind: 'number',
    label: 'Left out',
    help: 'Share of each batch’s pairs that is left out, those first whose margins stand out.',
    default: 0.2,
    min: 0,
    below: 1,
  },
  desirableWeight: {
    kind: 'number',
    label: 'Weight of good answers',
    help: 'How much an answer counts that is labelled good; raise it where they are few.',
    default: 1,
    min: 0,
  },
  undesirableWeight: {
    kind: 'number',
    label: 'Weight of bad answers',
    help: 'How much an answer counts that is labelled bad; raise it where they are few.',
    default: 1,
    min: 0,
  },
} as const satisfies Readonly<Record<LossOption, TrainingField>>

const taking = (option: LossOption) => ({ loss: lossesWith(loss => loss.options.includes(option)) })

/** When an option applies for other reasons than that a loss takes it. */
const besides: Partial<Record<LossOption, Condition>> = {
  draw: { tokens: ['sampled'] },
  ldAlpha: { tokens: ['length-desensitized'] },
  gamma: { cpoKind: ['simpo'] },
}

type Conditional<F> = F & { readonly when: NonNullable<TrainingField['when']> }

/** The losses' own options, each where a loss takes it. */
export const lossFields = Object.fromEntries(
  Object.entries<object>(options).map(([key, field]): [string, unknown] => {
    const option = key as LossOption
    const other = besides[option]
    return [key, { ...field, when: [taking(option), ...(other ? [other] : [])] }]
  }),
) as { readonly [K in LossOption]: Conditional<(typeof options)[K]> }

/** Number that an α-divergence is told apart by. */
export const divergenceFields = {
  divergenceAlpha: {
    kind: 'number',
    label: 'α of the divergence',
    help: 'From 0, as forward KL divergence, to 1, as reverse KL divergence.',
    default: 0.5,
    min: 0,
    max: 1,
    when: [{ divergence: ['alpha-divergence'] }],
  },
} as const satisfies Readonly<Record<string, TrainingField>>

/** A loss that is known, by the library's name or by TRL's. */
export function lossNamed(name: string): keyof typeof namedLosses | undefined {
  if (Object.hasOwn(namedLosses, name)) return name as keyof typeof namedLosses
  return lossesWith(({ trl }) => trl === name)[0] as keyof typeof namedLosses | undefined
}

/** What is learned from: conversations, pairs, answers that are good or bad, or texts with a grade. */
export type Method = 'sft' | 'preference' | 'labelled' | 'scorer'

/** Options of losses, by the key of their field. */
export type LossOption =
  | 'beta'
  | 'labelSmoothing'
  | 'divergence'
  | 'tokens'
  | 'draw'
  | 'ldAlpha'
  | 'wpo'
  | 'discopopTau'
  | 'gamma'
  | 'cpoKind'
  | 'cpoAlpha'
  | 'rpoAlpha'
  | 'dpopLambda'
  | 'lengthAlpha'
  | 'betaScale'
  | 'betaMomentum'
  | 'betaDrop'
  | 'desirableWeight'
  | 'undesirableWeight'

/** What is known of a loss before it is made. */
export interface NamedLoss {
  readonly summary: string
  /** What it can be trained on. */
  readonly methods: readonly Method[]
  /** Whether it compares the model with a reference model. */
  readonly reference: boolean
  /** The options it takes; others are refused. */
  readonly options: readonly LossOption[]
  /** Its `loss_type` in TRL, where that has another name. Read as well. */
  readonly trl?: string
}

const pairs = { methods: ['preference'], reference: true } as const
const free = { methods: ['preference'], reference: false } as const
/** Options of losses that see differences of log-ratios, each side's mapped by a divergence first. */
const divergent = ['beta', 'divergence', 'tokens', 'wpo'] as const
/** Options of losses that see the log-ratio of each side by itself. */
const plain = ['beta', 'tokens', 'wpo'] as const

/** Losses by the name that people type. */
export const namedLosses = {
  sft: {
    summary: 'supervised: the answers’ tokens become likelier; of a pair, the chosen answer’s',
    methods: ['sft', 'preference', 'scorer'],
    reference: false,
    options: [],
  },
  dft: {
    summary: 'supervised, each token weighed by its own probability, so that unlikely ones pull less',
    methods: ['sft'],
    reference: false,
    options: [],
  },
  dpo: {
    summary: 'the chosen answer becomes likelier than the rejected one, against a reference model',
    ...pairs,
    options: divergent,
    trl: 'sigmoid',
  },
  sampo: {
    summary: 'DPO over equally many tokens of both answers, so that length gains nothing',
    ...pairs,
    options: ['beta', 'draw', 'wpo'],
  },
  'ld-dpo': {
    summary: 'DPO in which tokens beyond the shorter answer’s length count less',
    ...pairs,
    options: ['beta', 'divergence', 'ldAlpha', 'wpo'],
  },
  cdpo: {
    summary: 'DPO that takes a share of the pairs to be the wrong way round',
    ...pairs,
    options: [...divergent, 'labelSmoothing'],
  },
  robust: {
    summary: 'DPO corrected for a share of pairs that are the wrong way round',
    ...pairs,
    options: [...divergent, 'labelSmoothing'],
  },
  hinge: { summary: 'as SLiC: nothing to gain beyond a margin', ...pairs, options: divergent },
  ipo: {
    summary: 'the margin per token is pulled to a fixed value, so it does not grow without end',
    ...pairs,
    options: divergent,
  },
  'dpo-norm': {
    summary: 'DPO on log-ratios per token, as Tulu 3',
    ...pairs,
    options: divergent,
    trl: 'sigmoid_norm',
  },
  'exo-pair': {
    summary: 'reverse KL divergence to the preferences',
    ...pairs,
    options: [...divergent, 'labelSmoothing'],
    trl: 'exo_pair',
  },
  'nca-pair': {
    summary: 'contrasts both answers with noise, and keeps the chosen one likely',
    ...pairs,
    options: plain,
    trl: 'nca_pair',
  },
  'bco-pair': {
    summary: 'a binary classifier’s loss for each answer by itself',
    ...pairs,
    options: plain,
    trl: 'bco_pair',
  },
  'sppo-hard': {
    summary: 'self-play: each log-ratio is pulled to a fixed value of its own',
    ...pairs,
    options: plain,
    trl: 'sppo_hard',
  },
  aot: {
    summary: 'compares the sorted margins of a whole batch instead of pair by pair',
    ...pairs,
    options: ['beta', 'tokens', 'labelSmoothing'],
  },
  'aot-unpaired': {
    summary: 'AOT that sorts chosen and rejected answers apart',
    ...pairs,
    options: ['beta', 'tokens', 'labelSmoothing'],
    trl: 'aot_unpaired',
  },
  'apo-zero': {
    summary: 'raises chosen answers and lowers rejected ones; for chosen answers better than the model’s',
    ...pairs,
    options: plain,
    trl: 'apo_zero',
  },
  'apo-down': {
    summary: 'lowers both, rejected ones more; for chosen answers worse than the model’s',
    ...pairs,
    options: plain,
    trl: 'apo_down',
  },
  discopop: {
    summary: 'a loss that was found by search: logistic and exponential, blended',
    ...pairs,
    options: [...divergent, 'discopopTau'],
  },
  rpo: {
    summary: 'DPO and supervised training on the chosen answer',
    ...pairs,
    options: ['beta', 'divergence', 'tokens', 'rpoAlpha'],
  },
  mpo: {
    summary: 'DPO, BCO and supervised training, 0.8 to 0.2 to 1',
    ...pairs,
    options: ['beta', 'tokens'],
  },
  dpop: {
    summary: 'DPO that forbids the chosen answer to become less likely',
    ...pairs,
    options: [...plain, 'dpopLambda'],
  },
  rdpo: {
    summary: 'DPO with a penalty for the difference of lengths',
    ...pairs,
    options: ['beta', 'lengthAlpha', 'wpo'],
  },
  'beta-dpo': {
    summary: 'DPO whose β follows a batch’s margins, and which leaves out pairs that stand out',
    ...pairs,
    options: ['beta', 'tokens', 'betaScale', 'betaMomentum', 'betaDrop'],
  },
  simpo: {
    summary: 'log-probs per token with a target margin, without a reference model',
    ...free,
    options: ['beta', 'tokens', 'labelSmoothing', 'gamma', 'wpo'],
  },
  orpo: {
    summary: 'supervised training and the odds of both answers, without a reference model',
    ...free,
    options: ['beta'],
  },
  cpo: {
    summary: 'DPO without a reference model, and supervised training on the chosen answer',
    ...free,
    options: ['beta', 'tokens', 'labelSmoothing', 'cpoKind', 'cpoAlpha'],
  },
  kto: {
    summary: 'good answers become likelier, bad ones less likely, against the mean of mismatched ones',
    methods: ['labelled'],
    reference: true,
    options: ['beta', 'desirableWeight', 'undesirableWeight'],
  },
  'apo-zero-unpaired': {
    summary: 'good answers become likelier, bad ones less likely, against the reference model alone',
    methods: ['labelled'],
    reference: true,
    options: ['beta', 'desirableWeight', 'undesirableWeight'],
    trl: 'apo_zero_unpaired',
  },
} as const satisfies Readonly<Record<string, NamedLoss>>

export type LossName = keyof typeof namedLosses

/** Losses that fulfil a condition, by name. */
export const lossesWith = (holds: (loss: NamedLoss) => boolean): readonly string[] =>
  Object.entries<NamedLoss>(namedLosses).flatMap(([name, loss]) => (holds(loss) ? [name] : []))

/** Losses that compare the pairs of a batch with each other: no pair has one of its own. */
export const WHOLE_BATCH: readonly LossName[] = ['aot', 'aot-unpaired', 'beta-dpo']

import { lossesWith } from './named-losses'
import type { Condition, TrainingField } from './training-field'

const sft: readonly Condition[] = [{ method: ['sft'] }]
const conversations: readonly Condition[] = [{ method: ['sft', 'preference', 'labelled'] }]
const pairs: readonly Condition[] = [{ method: ['preference'] }]
const referenced: readonly Condition[] = [{ loss: lossesWith(({ reference }) => reference) }]

/** How examples become tokens. */
export const dataFields = {
  template: {
    kind: 'choice',
    label: 'Template',
    help: 'The chat template that conversations are written with.',
    choices: {
      vicuna: 'USER: … ASSISTANT: …, as Deita',
      tulu: '<|user|> … <|assistant|> …',
      llama3: 'Llama 3’s headers',
      chatml: '<|im_start|>user …',
      zephyr: '<|user|> …, each turn ended',
      alpaca: '### Instruction: … ### Response: …',
    },
    default: null,
    none: 'the model’s own',
    when: conversations,
  },
  train: {
    kind: 'choice',
    label: 'Answers',
    help: 'Which answers of a conversation are learned.',
    choices: { all: 'every one', last: 'the last one' },
    default: 'all',
    when: sft,
  },
  maxLength: {
    kind: 'integer',
    label: 'Most tokens',
    help: 'Tokens of a prompt with its answer; longer ones are cut.',
    default: 512,
    min: 2,
  },
  truncation: {
    kind: 'choice',
    label: 'Truncation',
    help: 'What is cut of one that is too long.',
    choices: {
      'keep-start': 'its end',
      'keep-end': 'its beginning',
      'prompt-first': 'the beginning of the prompt; the end of the answer only if that is not enough',
      proportional: 'the ends of both, as LLaMA-Factory does',
    },
    default: 'keep-start',
    when: conversations,
  },
  promptKeep: {
    kind: 'integer',
    label: 'Prompt keeps',
    help: 'Tokens that a prompt keeps, its last ones, before an answer loses any.',
    default: 64,
    min: 1,
    when: [{ truncation: ['prompt-first'] }],
  },
  packing: {
    kind: 'flag',
    label: 'Packing',
    help: 'Puts several short conversations into one sequence, none of which sees the others.',
    default: false,
    when: sft,
  },
  neftune: {
    kind: 'number',
    label: 'NEFTune',
    help: 'Noise on the embeddings while training, which can make answers freer.',
    default: null,
    none: 'no noise',
    above: 0,
    when: sft,
  },
} as const satisfies Readonly<Record<string, TrainingField>>

/** What the model is compared with. */
export const referenceFields = {
  reference: {
    kind: 'choice',
    label: 'Reference',
    help: 'What the model is compared with.',
    choices: {
      cached: 'the model as it was, computed once before the start',
      live: 'the model without its adapter, computed at each step: no wait, more work',
      copy: 'a copy of all weights, computed at each step: for full training',
      model: 'another model, computed at each step',
    },
    default: 'cached',
    defaultWhen: [
      { when: { loss: ['kto'], trained: ['full'] }, default: 'copy' },
      { when: { loss: ['kto'] }, default: 'live' },
    ],
    when: referenced,
  },
  referenceModel: {
    kind: 'text',
    label: 'Reference model',
    help: 'A folder or a model of the Hub with the same tokenizer.',
    default: null,
    none: 'to be named',
    when: [{ reference: ['model'] }],
  },
  syncSteps: {
    kind: 'integer',
    label: 'Follow every',
    help: 'Steps after which the reference follows the model (TR-DPO).',
    default: null,
    none: 'it stays',
    min: 1,
    when: [{ reference: ['copy'] }],
  },
  syncAlpha: {
    kind: 'number',
    label: 'Follow by',
    help: 'How far the reference goes towards the model each time.',
    default: 0.6,
    above: 0,
    max: 1,
    when: [{ syncSteps: ['given'] }],
  },
  iterative: {
    kind: 'flag',
    label: 'Rounds',
    help: 'Trains several times in turn: each round starts from the last one’s model, which is its reference, with a fresh optimizer and schedule.',
    default: false,
    when: pairs,
  },
  rounds: {
    kind: 'integer',
    label: 'Number of rounds',
    help: 'How often training starts anew.',
    default: 3,
    min: 2,
    when: [{ iterative: ['true'] }],
  },
  answers: {
    kind: 'choice',
    label: 'Pairs of a round',
    help: 'Where the pairs of the rounds after the first come from.',
    choices: {
      same: 'the same pairs again',
      sampled: 'new answers of the model, of which a scorer picks the best and the worst',
    },
    default: 'same',
    when: [{ iterative: ['true'] }],
  },
  samples: {
    kind: 'integer',
    label: 'Answers a prompt',
    help: 'New answers that the best and the worst are picked of.',
    default: 4,
    min: 2,
    when: [{ answers: ['sampled'] }],
  },
  temperature: {
    kind: 'number',
    label: 'Temperature',
    help: 'How freely new answers are drawn.',
    default: 0.7,
    above: 0,
    when: [{ answers: ['sampled'] }],
  },
  answerTokens: {
    kind: 'integer',
    label: 'Tokens of an answer',
    help: 'Where new answers end at the latest.',
    default: 256,
    min: 1,
    when: [{ answers: ['sampled'] }],
  },
} as const satisfies Readonly<Record<string, TrainingField>>

/** How long, in which portions, and what is kept and measured on the way. */
export const courseFields = {
  epochs: {
    kind: 'integer',
    label: 'Epochs',
    help: 'How often all examples are gone through.',
    default: 1,
    min: 1,
  },
  steps: {
    kind: 'integer',
    label: 'Most steps',
    help: 'Ends early after this many steps.',
    default: null,
    none: 'all of the epochs',
    min: 1,
  },
  batchSize: {
    kind: 'integer',
    label: 'Batch size',
    help: 'Examples of one forward and backward pass; needs memory.',
    default: 4,
    min: 1,
  },
  accumulation: {
    kind: 'integer',
    label: 'Batches a step',
    help: 'Passes whose gradients are added up for a step; needs time, not memory.',
    default: 2,
    min: 1,
  },
  recompute: {
    kind: 'flag',
    label: 'Less memory',
    help: 'Computes layers again in the backward pass: a third more work, much less memory.',
    default: false,
  },
  evalSplit: {
    kind: 'number',
    label: 'Held out',
    help: 'Share of the examples that is not trained on, to measure with before and after.',
    default: 0.1,
    min: 0,
    below: 1,
  },
  evalExamples: {
    kind: 'integer',
    label: 'Measured on',
    help: 'Examples that are measured at most; of those trained on, where none is held out.',
    default: 64,
    min: 1,
  },
  evalSteps: {
    kind: 'integer',
    label: 'Measure every',
    help: 'Steps between measurements on the way.',
    default: null,
    none: 'before and after only',
    min: 1,
  },
  checkpointSteps: {
    kind: 'integer',
    label: 'Checkpoint every',
    help: 'Steps between checkpoints, of which the last two are kept.',
    default: null,
    none: 'by time only',
    min: 1,
  },
  checkpointSeconds: {
    kind: 'number',
    label: 'Seconds between checkpoints',
    help: 'Time after which the next step’s end is kept, so that no more than this is ever lost.',
    default: 60,
    none: 'by steps only',
    above: 0,
  },
  seed: {
    kind: 'integer',
    label: 'Seed',
    help: 'Decides everything that is drawn; the same one gives the same bits on the same GPU.',
    default: 0,
    min: 0,
    max: 2 ** 32 - 1,
  },
} as const satisfies Readonly<Record<string, TrainingField>>

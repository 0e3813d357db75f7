import type { Recipe } from './recipe'
import { adapter, whyAdapter } from './scaled-options'

const DEITA = { title: 'Deita (2312.15685)', url: 'https://arxiv.org/abs/2312.15685' }

/** Recipes that learn to write answers, or to grade texts. */
export const sftRecipes = {
  'deita-sft': {
    title: 'Deita: few rows, well chosen',
    used: 'Mistral-7B-v0.1 on 6000 or 10000 rows of the Deita selection',
    sources: [
      DEITA,
      {
        title: 'examples/train/sft.sh',
        url: 'https://github.com/hkust-nlp/deita/blob/main/examples/train/sft.sh',
      },
    ],
    before: 'Choose the rows: tabtune select --strategy deita --budget 6000.',
    published: {
      method: 'sft',
      trained: 'full',
      template: 'vicuna',
      train: 'all',
      maxLength: 2048,
      learningRate: 2e-5,
      schedule: 'cosine',
      warmupRatio: 0.1,
      epochs: 6,
      batchSize: 1,
      accumulation: 512,
      evalSplit: 0.02,
    },
    differs: [
      'The published code pads Mistral’s sequences on the left and counts its masks from the left edge, so that labels lie on wrong tokens; here they lie on the answers.',
    ],
    scaled: {
      ...adapter,
      learningRate: 2e-4,
      batchSize: 4,
      accumulation: 4,
      maxLength: 1024,
      evalSplit: 0.1,
    },
    why: {
      ...whyAdapter,
      maxLength: 'Most rows are shorter, and memory grows with it.',
      evalSplit: 'Two of a hundred rows are too few to measure with.',
    },
  },
  'superfiltering-sft': {
    title: 'Superfiltering: the rows whose instruction helps least',
    used: 'LLaMA2-7B on 5 to 15 % of Alpaca, chosen by GPT-2',
    sources: [
      { title: 'Superfiltering (2402.00530)', url: 'https://arxiv.org/abs/2402.00530' },
      {
        title: 'hyperparameters of the same group’s Cherry LLM, V2 7B',
        url: 'https://github.com/tianyi-lab/Cherry_LLM#hyperparameters',
      },
    ],
    before:
      'Choose the rows: tabtune select --strategy superfiltering --budget 5% --model openai-community/gpt2.',
    published: {
      method: 'sft',
      trained: 'full',
      template: 'vicuna',
      train: 'all',
      maxLength: 2048,
      learningRate: 2e-5,
      schedule: 'cosine',
      warmupRatio: 0.03,
      weightDecay: 0,
      epochs: 3,
      batchSize: 4,
      accumulation: 32,
    },
    differs: ['The schedule is that of the FastChat code it was trained with; the sources do not say it.'],
    scaled: { ...adapter, learningRate: 2e-4, accumulation: 4, maxLength: 1024 },
    why: { ...whyAdapter, maxLength: 'Most rows are shorter, and memory grows with it.' },
  },
  'deita-scorer': {
    title: 'Deita: a scorer of complexity or quality',
    used: 'LLaMA-13B and Mistral-7B on graded texts, once for complexity and once for quality',
    sources: [
      DEITA,
      {
        title: 'examples/train/train_scorers.sh',
        url: 'https://github.com/hkust-nlp/deita/blob/main/examples/train/train_scorers.sh',
      },
    ],
    before:
      'Grade some rows from 1 to 6. Train twice, with --grade complexity and --grade quality, into folders of these names in the model’s folder: tabtune score finds them there.',
    published: {
      method: 'scorer',
      trained: 'full',
      maxLength: 2048,
      learningRate: 2e-5,
      schedule: 'cosine',
      warmupRatio: 0.1,
      epochs: 6,
      batchSize: 1,
      accumulation: 512,
    },
    differs: ['Only the digit is trained, and no end of text behind it: nothing of it is read when scoring.'],
    scaled: { ...adapter, learningRate: 2e-4, batchSize: 4, accumulation: 4, maxLength: 1024 },
    why: { ...whyAdapter, maxLength: 'Most texts are shorter, and memory grows with it.' },
  },
} as const satisfies Readonly<Record<string, Recipe>>

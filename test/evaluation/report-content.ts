import type { Answer } from '../../src/evaluation/answers'
import { compareRuns } from '../../src/evaluation/compare-runs'
import type { ReportContent } from '../../src/evaluation/training-report'
import type { DataReport, Distribution } from '../../src/training/data-report'
import { noise } from '../numbers'

const answer = (text: string, reason: Answer['reason'] = 'end'): Answer => ({
  text,
  tokens: text.split(' ').length,
  characters: [...text].length,
  reason,
})
const spread = (min: number, max: number): Distribution => ({
  min,
  median: (min + max) / 2,
  p90: max - 1,
  max,
  mean: (min + max) / 2 + 0.25,
})

/** Records as a SamPO training of `n` steps gives them, with an evaluation on the way every ten. */
export function trainingRecords(n: number): ReportContent['steps'] {
  const wobble = noise(20 * n, 7)
  return Array.from({ length: n }, (_, i) => {
    const at = (k: number, scale: number) => wobble[20 * i + k]! * scale
    const done = i / n
    const held = { eval_loss: 0.69 - 0.2 * done, 'eval_rewards/margins': 0.8 * done }
    return {
      step: i + 1,
      totalSteps: n,
      epoch: done,
      loss: 0.69 - 0.3 * done + at(0, 0.05),
      grad_norm: 3 + at(1, 2),
      learning_rate: 5e-6 * (1 - done),
      num_tokens: 900 * i,
      tokens_per_second: 1500 + at(2, 200),
      'rewards/chosen': 0.3 * done + at(3, 0.05),
      'rewards/rejected': -0.7 * done + at(4, 0.05),
      'rewards/margins': done + at(5, 0.1),
      'rewards/accuracies': Math.min(1, 0.5 + 0.4 * done + Math.abs(at(6, 0.1))),
      'logps/chosen': -120 + 5 * done + at(7, 2),
      'logps/rejected': -110 - 15 * done + at(8, 2),
      'lengths/chosen': 61 + at(9, 10),
      'lengths/rejected': 48 + at(10, 10),
      entropy: 1.8 - 0.2 * done + at(11, 0.05),
      mean_token_accuracy: 0.55 + 0.1 * done + at(12, 0.02),
      ...(i % 10 === 9 ? held : {}),
    }
  })
}

/** A report with every part, every text of the user's made by `text`. */
export function reportContent(text: (name: string) => string, steps = trainingRecords(50)): ReportContent {
  const prompts = ['first', 'second'].map(name => [
    { role: 'system' as const, content: text(`system ${name}`) },
    { role: 'user' as const, content: text(`prompt ${name}`) },
  ])
  const [before, after] = ['before', 'after'].map(when => ({
    name: text(when),
    metrics: {
      eval_loss: when === 'before' ? Math.LN2 : 0.51,
      [text('metric')]: 0.25,
      'eval_rewards/accuracies': 0.5,
    },
    answers: [
      answer(text(`answer ${when}`), when === 'before' ? 'length' : 'end'),
      when === 'before' ? { missing: text('reason') } : answer('A short one.'),
    ],
  }))
  const report: DataReport = {
    read: 123,
    kept: 120,
    dropped: 3,
    causes: [
      { cause: text('cause'), count: 2, example: { index: 7, reason: text('too long') } },
      { cause: 'same answers', count: 1, example: { index: 9, reason: 'both answers are the same' } },
    ],
    truncated: 4,
    tokens: 12345,
    trainedTokens: 4321,
    prompts: spread(5, 90),
    answers: spread(2, 300),
    pairs: {
      rejected: spread(1, 280),
      sameAnswers: 1,
      lengthDifference: spread(-50, 70),
      chosenLonger: 0.625,
    },
    desirable: null,
  }
  const shown = (name: 'chosen' | 'rejected') => ({
    name,
    prompt: [{ text: text('shown prompt'), trained: false }],
    answer: [
      { text: text(`shown ${name}`), trained: true },
      { text: '<|im_end|>', trained: true },
      { text: '\n', trained: false },
    ],
  })
  return {
    title: text('title'),
    model: text('model'),
    adapter: text('adapter'),
    recipe: text('recipe'),
    device: text('device'),
    date: new Date('2026-01-02T03:04:05Z'),
    seconds: 754,
    steps: steps.map(record => ({ ...record, [text('own metric')]: 1, [text('no number')]: 'x' })),
    stopped: true,
    options: { [text('option')]: text('value'), beta: 0.1, targets: [text('layer'), 'v_proj'], unset: null },
    data: {
      name: text('file'),
      report,
      heldOut: 1,
      example: { index: 3, sequences: [shown('chosen'), shown('rejected')] },
    },
    comparison: compareRuns(before!, after!, prompts),
    winRate: {
      scorer: text('scorer'),
      a: text('after'),
      b: text('before'),
      result: {
        ...{ wins: 6, ties: 1, losses: 3, missing: 2, rate: 0.65, interval: [0.36, 0.86] },
        scores: { a: 3.25, b: 2.75, difference: 0.5 },
        pairs: Array.from({ length: 12 }, (_, i) => (i < 10 ? ([3, 2] as const) : null)),
      },
    },
  }
}

import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { aot } from '../../src/losses/aot'
import { aotUnpaired } from '../../src/losses/aot-unpaired'
import { dpo } from '../../src/losses/dpo'
import { dpoNorm } from '../../src/losses/dpo-norm'
import { counterHash } from '../../src/losses/draw'
import { dynamicBetaDpo } from '../../src/losses/dynamic-beta-dpo'
import { ipo } from '../../src/losses/ipo'
import { kto } from '../../src/losses/kto'
import { lengthDesensitized } from '../../src/losses/length-desensitized'
import { sampled } from '../../src/losses/sampled'
import { sampo } from '../../src/losses/sampo'
import { test } from '../gpu'
import { expectClose } from '../numbers'
import { betaDpo } from '../reference/beta-dpo'
import * as batchTwins from '../reference/losses-batch'
import { examplesOf, type GoldenCase, goldenCases, gradientOf, isPairs } from './golden-cases'
import { lossOf } from './golden-losses'
import { orpoTwin, pairTwins } from './pair-twins'
import { answerOf, anyAnswer, anyPairs, pairsOf } from './random-pairs'
import { type LossResult, runLoss } from './run-loss'

/**
 * Cases whose rewards are over all tokens of both answers, while ours are over what the first term counts: nothing of the
 * rejected answers, other tokens for the reference, or means.
 */
const otherRewards = ['sft', 'sampo_independent', 'sampo_norm']

/** f32 against float64; the gradients' entries are of the order of 0.1. */
const bound = { atol: 1e-5, rtol: 1e-5 }
const gradientBound = { atol: 1e-6, rtol: 1e-5 }

/** β times the mean log-ratio of desirable answers, and of the others. */
const meanRewards = ({ labels = [] }: GoldenCase, beta: number, { statistics }: LossResult): number[] =>
  [1, 0].map(label => {
    const ratios = labels.flatMap((is, s) => (is === label ? [statistics[s * 8 + 1]!] : []))
    return (beta * ratios.reduce((a, b) => a + b, 0)) / ratios.length
  })

describe('losses of TRL', () => {
  test.for(goldenCases)('$name has the golden loss, rewards and gradient', async (c, { gpu }) => {
    const loss = lossOf(c)
    const got = await runLoss(gpu, loss, examplesOf(c))
    expectClose([got.loss], [c.loss], bound)
    if (c.per_pair_loss) expectClose(got.values[0]!, c.per_pair_loss, bound)
    expectClose(got.gradient.flat(), gradientOf(c).flat(), gradientBound)
    if (loss.kind === 'labelled')
      expectClose(
        meanRewards(c, loss.beta, got),
        [c.rewards_chosen, c.rewards_rejected].flat() as number[],
        bound,
      )
    if (!isPairs(c) || loss.kind !== 'pairs' || otherRewards.includes(c.name)) return
    const rewards = Array.from({ length: c.mask.length }, (_, s) => {
      const [ratio = 0, tokens = 0] = got.statistics.subarray(s * 8 + 1)
      return (loss.beta * ratio) / (loss.averaged ? tokens : 1)
    })
    expectClose(
      rewards.filter((_, s) => s % 2 === 0),
      c.rewards_chosen!,
      bound,
    )
    expectClose(
      rewards.filter((_, s) => s % 2 === 1),
      c.rewards_rejected!,
      bound,
    )
  })
})

/**
 * f32 against float64: log-ratios of up to 2.5 nats, sums of up to 5 log-probs of up to 8, which are off by 1e-6, go
 * through exponentials of slopes of up to 12.
 */
const randomBound = { atol: 2e-5, rtol: 2e-5 }

describe('losses over random pairs', () => {
  test.for([...pairTwins, orpoTwin])('$name agrees with its twin', async ({ loss, twin }, { gpu }) => {
    const agrees = fc.asyncProperty(anyPairs, async sequences => {
      const got = await runLoss(gpu, loss, { sequences })
      const want = pairsOf(sequences).map(([chosen, rejected]) => twin(chosen, rejected))
      expectClose(
        got.values[0]!,
        want.map(pair => pair.value),
        randomBound,
      )
      expectSlopes(
        got,
        want.flatMap(pair => pair.slopes),
      )
    })
    await fc.assert(agrees, { numRuns: 4 })
  })

  test.for([
    { name: 'aot', loss: aot({ beta: 0.5, labelSmoothing: 0.1 }), twin: batchTwins.aot },
    {
      name: 'aotUnpaired',
      loss: aotUnpaired({ beta: 0.5, labelSmoothing: 0.1 }),
      twin: batchTwins.aotUnpaired,
    },
  ])('$name agrees with its twin', async ({ loss, twin }, { gpu }) => {
    const agrees = fc.asyncProperty(anyPairs, async sequences => {
      const got = await runLoss(gpu, loss, { sequences })
      const want = twin(pairsOf(sequences), 0.5, 0.1)
      expectClose(got.values[0]!, want.values, randomBound)
      expectSlopes(got, want.slopes.flat())
    })
    await fc.assert(agrees, { numRuns: 8 })
  })

  test('kto agrees with its twin', async ({ gpu }) => {
    const options = { beta: 0.7, desirableWeight: 1.5, undesirableWeight: 0.5 }
    const agrees = fc.asyncProperty(
      fc.array(fc.tuple(anyAnswer, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 70 }),
      fc.constantFrom(-1, 0, 0.25, 3),
      async (labelled, kl) => {
        const sequences = labelled.map(([answer]) => answer)
        const labels = labelled.map(([, label]) => label)
        const got = await runLoss(gpu, kto(options), { sequences, labels, kl })
        const params = { beta: 0.7, kl, desirable: 1.5, undesirable: 0.5 }
        const want = batchTwins.kto(sequences.map(answerOf), labels, params)
        expectClose(got.values[0]!, want.values, randomBound)
        expectSlopes(got, want.slopes)
      },
    )
    await fc.assert(agrees, { numRuns: 8 })
  })

  test('dynamicBetaDpo draws pairs and follows their margins, step by step', async ({ gpu }) => {
    const [beta, seed] = [0.4, 9]
    const loss = dynamicBetaDpo({ beta, seed })
    let state: readonly number[] = [0, 0, 0]
    let reference = { mean: 0, deviation: 0 }
    // Of a single pair, four fifths are none: it is drawn all the same.
    const [[first, second] = []] = fc.sample(anyPairs, { numRuns: 1, seed: 3 })
    const batches = [[first!, second!], ...fc.sample(anyPairs, { numRuns: 6, seed: 3 })]
    for (const sequences of batches) {
      const step = state[2]!
      const got = await runLoss(gpu, loss, { sequences, state })
      const pairs = pairsOf(sequences)
      const margins = pairs.map(([chosen, rejected]) => chosen.ratio - rejected.ratio)
      const uniforms = margins.map((_, n) => ((counterHash(seed, step, n) >>> 9) + 0.5) / 2 ** 23)
      const drawn = betaDpo(margins, reference, {
        ...{ beta, scale: 0.6, percent: 20, momentum: 0.9, uniforms, least: 1 },
      })
      const want = batchTwins.keptPairs(pairs, drawn.beta, drawn.kept)
      expectClose(got.values[0]!, want.values, randomBound)
      expectSlopes(got, want.slopes.flat())
      reference = drawn.state
      state = [...got.states[0]!]
      expectClose(state, [reference.mean, reference.deviation, step + 1], randomBound)
    }
    expect(state[2]).toBe(batches.length)
  })

  test('dynamicBetaDpo keeps its β above 0 where margins fall far behind their average', async ({ gpu }) => {
    // A margin of -3 and an average of 17.7: 0.1 (1 + 0.6 (-3 - 17.7)) is below 0.001.
    const sequences = [
      { policy: [-3], reference: [-1] },
      { policy: [-1], reference: [-2] },
    ]
    const got = await runLoss(gpu, dynamicBetaDpo(), { sequences, state: [20, 5, 1] })
    expectClose(got.values[0]!, [Math.log1p(Math.exp(0.003))], { atol: 1e-6, rtol: 1e-6 })
    expectClose([got.gradient[0]![0]!], [-0.001 / (1 + Math.exp(-0.003))], { atol: 1e-8, rtol: 1e-5 })
  })
})

/** That the mean loss moves with each token's log-prob as much as with its sequence's sum. */
function expectSlopes({ gradient, values: [values] }: LossResult, slopes: readonly number[]): void {
  const of = (token: number | undefined) => (token ?? 0) * values!.length
  expectClose(
    gradient.map(tokens => of(tokens[0])),
    slopes,
    randomBound,
  )
  for (const tokens of gradient) expect(new Set(tokens).size).toBe(1)
}

describe('losses of extreme pairs', () => {
  const sides = [-1e4, -300, -40, 0, 2.5, 40, 300, 1e4]
  /** One token each, as far from the reference as that. */
  const sequences = sides
    .flatMap(a => sides.flatMap(b => [a, b]))
    .map(ratio => ({ policy: [Math.min(0, ratio)], reference: [Math.min(0, -ratio)] }))

  test.for([...pairTwins, orpoTwin].filter(({ overflows }) => !overflows))(
    '$name is finite and right',
    async ({ loss, twin }, { gpu }) => {
      const got = await runLoss(gpu, loss, { sequences })
      const want = pairsOf(sequences).map(([chosen, rejected]) => twin(chosen, rejected))
      // WGSL's exp may be off by 2e-5 of its value at an exponent of 80.
      const bound = { atol: 1e-6, rtol: 1e-4 }
      const n = got.values[0]!.length
      expectClose(
        got.values[0]!,
        want.map(pair => pair.value),
        bound,
      )
      expectClose(
        got.gradient.map(([slope]) => slope! * n),
        want.flatMap(pair => pair.slopes),
        bound,
      )
    },
  )
})

test('a loss that is nearly 0 keeps its digits', async ({ gpu }) => {
  const margins = [40, 60, 100, 160]
  const pairs = margins.flatMap(margin => [
    { policy: [0], reference: [-margin] },
    { policy: [0], reference: [0] },
  ])
  const { values } = await runLoss(gpu, dpo({ beta: 0.5 }), { sequences: pairs })
  expectClose(
    values[0]!,
    margins.map(margin => Math.log1p(Math.exp(-margin / 2))),
    { atol: 0, rtol: 1e-4 },
  )
})

describe('a model that is its reference', () => {
  const same = fc
    .sample(anyPairs, { numRuns: 3, seed: 5 })
    .map(sequences => sequences.map(({ policy }) => ({ policy, reference: policy })))

  test.for([
    dpo(),
    sampo(),
    dpoNorm(),
    dpo({ tokens: lengthDesensitized({ alpha: 0.3 }) }),
    aot(),
    aotUnpaired(),
  ])('has a loss of ln 2 for each pair, exactly: %#', async (loss, { gpu }) => {
    for (const sequences of same) {
      const { values } = await runLoss(gpu, loss, { sequences })
      expect(new Set(values[0])).toEqual(new Set([Math.fround(Math.LN2)]))
    }
  })
})

describe('SamPO', () => {
  test('is DPO to the bit where both answers are as long', async ({ gpu }) => {
    const [pairs = []] = fc.sample(anyPairs, { numRuns: 1, seed: 7 })
    const alike = pairs.map(({ policy, reference }) => ({
      policy: policy.slice(0, 1),
      reference: reference.slice(0, 1),
    }))
    const whole = await runLoss(gpu, dpo(), { sequences: alike })
    for (const draw of ['shared', 'independent', 'mean'] as const) {
      const got = await runLoss(gpu, sampo({ draw }), { sequences: alike })
      expect({ ...got, statistics: null }).toEqual({ ...whole, statistics: null })
    }
  })

  test('leaves the tokens alone that are not drawn, and divides by the number that are', async ({ gpu }) => {
    const long = { policy: [-1, -2, -3, -4], reference: [-2, -2, -2, -2] }
    const short = { policy: [-1, -3], reference: [-2, -2] }
    const key = { seed: 4, epoch: 1, example: 0 }
    const loss = ipo({ beta: 0.5, tokens: sampled() })
    const got = await runLoss(gpu, loss, { sequences: [long, short], ...key })
    const drawn = [...sampled().weigh(4, 2, key).chosen.policy]
    const ratio = long.policy.reduce((sum, logp, t) => sum + drawn[t]! * (logp + 2), 0)
    expectClose(got.values[0]!, [(ratio / 2 - 1) ** 2], randomBound)
    expect(got.gradient[0]!.map(slope => (slope === 0 ? 0 : 1))).toEqual(drawn)
  })
})

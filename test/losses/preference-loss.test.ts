import { describe, expect } from 'vitest'
import { dpo } from '../../src/losses/dpo'
import { drawTokens } from '../../src/losses/draw'
import type { PreferenceLoss } from '../../src/losses/loss'
import { sampo } from '../../src/losses/sampo'
import { preferenceLoss } from '../../src/ops/preference-loss'
import { Tape } from '../../src/ops/tape'
import golden from '../fixtures/preference-losses.json'
import { test } from '../gpu'
import { expectClose } from '../numbers'

interface Case {
  name: string
  params: { beta: number; sampo?: number[][] }
  policy_logps: number[][]
  ref_logps: number[][]
  mask: number[][]
  per_pair_loss: number[]
  loss: number
  rewards_chosen: number[]
  rewards_rejected: number[]
  grad_policy_logps: number[][]
}

/** Lays the answer tokens of a golden case out as the kernel wants them: chosen, rejected, pair by pair. */
function layOut({ policy_logps, ref_logps, mask, params, grad_policy_logps }: Case) {
  const n = mask.length / 2
  const [policy, reference, weight, gradient, spans]: number[][] = [[], [], [], [], []]
  for (let i = 0; i < n; i++) {
    for (const row of [i, n + i]) {
      spans!.push(policy!.length)
      mask[row]!.forEach((on, t) => {
        if (!on) return
        policy!.push(policy_logps[row]![t]!)
        reference!.push(ref_logps[row]![t]!)
        weight!.push(params.sampo ? params.sampo[row]![t]! : 1)
        gradient!.push(grad_policy_logps[row]![t]!)
      })
      spans!.push(policy!.length)
    }
  }
  return { n, policy: policy!, reference: reference!, weight: weight!, gradient: gradient!, spans: spans! }
}

const losses: Record<string, (beta: number) => PreferenceLoss> = {
  sigmoid: beta => dpo({ beta }),
  sampo_shared: beta => sampo({ beta }),
}

describe('preference-loss', () => {
  test.for(golden.cases as unknown as Case[])('agrees with the golden case $name', async (c, { gpu }) => {
    const { n, policy, reference, weight, gradient, spans } = layOut(c)
    const loss = losses[c.name]!(c.params.beta)
    using tape = new Tape(gpu)
    const R = policy.length
    using p = gpu.tensor([R], Float32Array.from(policy))
    using r = gpu.tensor([R], Float32Array.from(reference))
    using w = gpu.tensor([R], Float32Array.from(weight))
    using s = gpu.tensor([n, 4], Uint32Array.from(spans))
    using scale = gpu.tensor([1], Float32Array.of(1 / n))
    const out = preferenceLoss(
      tape,
      loss.kernel,
      { policy: p, reference: r, weight: w, spans: s, scale },
      loss,
    )
    const stats = await gpu.read(out.stats)
    const bound = { atol: 1e-5, rtol: 1e-5 }
    const column = (k: number) => Array.from({ length: n }, (_, i) => stats[i * 6 + k]!)
    expectClose(column(0), c.per_pair_loss, bound)
    expectClose([column(0).reduce((a, b) => a + b, 0) / n], [c.loss], bound)
    expectClose(await gpu.read(out.gradient), gradient, { atol: 1e-6, rtol: 1e-5 })
    if (!c.params.sampo) {
      expectClose(
        column(4).map(x => x * loss.beta),
        c.rewards_chosen,
        bound,
      )
      expectClose(
        column(5).map(x => x * loss.beta),
        c.rewards_rejected,
        bound,
      )
    }
  })

  test('is ln 2 with slope −½ at margin 0, and finite from very wrong to very right', async ({ gpu }) => {
    const margins = [-20000, -100, -3, -0.5, 0, 0.5, 3, 100, 20000]
    using tape = new Tape(gpu)
    const n = margins.length
    // Two tokens a pair: the chosen one carries the margin, the rejected one nothing.
    using policy = gpu.tensor([2 * n], Float32Array.from(margins.flatMap(m => [m, 0])))
    using reference = gpu.tensor([2 * n], new Float32Array(2 * n))
    using weight = gpu.tensor([2 * n], new Float32Array(2 * n).fill(1))
    using spans = gpu.tensor(
      [n, 4],
      Uint32Array.from(margins.flatMap((_, i) => [2 * i, 2 * i + 1, 2 * i + 1, 2 * i + 2])),
    )
    using scale = gpu.tensor([1], Float32Array.of(1))
    const out = preferenceLoss(tape, dpo().kernel, { policy, reference, weight, spans, scale }, { beta: 1 })
    const stats = await gpu.read(out.stats)
    const gradient = await gpu.read(out.gradient)
    const value = (h: number) => Math.max(-h, 0) + Math.log1p(Math.exp(-Math.abs(h)))
    const slope = (h: number) => -1 / (1 + Math.exp(h))
    expectClose(
      margins.map((_, i) => stats[i * 6]!),
      margins.map(value),
      { atol: 1e-7, rtol: 1e-5 },
    )
    expectClose(
      margins.map((_, i) => gradient[2 * i]!),
      margins.map(slope),
      { atol: 1e-7, rtol: 1e-5 },
    )
    expectClose(
      margins.map((_, i) => gradient[2 * i + 1]!),
      margins.map(h => -slope(h)),
      { atol: 1e-7, rtol: 1e-5 },
    )
    expect(stats[4 * 6]).toBe(Math.fround(Math.LN2))
  })
})

describe('sampo', () => {
  const key = { seed: 1, epoch: 0, example: 7 }

  test('draws as many tokens of the longer answer as the shorter one has', () => {
    const { chosen, rejected } = sampo().weights(200, 60, key)
    expect(chosen.reduce((a, b) => a + b, 0)).toBe(60)
    expect(rejected).toEqual(new Float32Array(60).fill(1))
  })

  test('is DPO when the answers are equally long', () => {
    expect(sampo().weights(31, 31, key)).toEqual(dpo().weights(31, 31, key))
  })

  test('draws anew each epoch, for each example and each seed, and the same for the same key', () => {
    const draw = (change: Partial<typeof key>) => drawTokens(100, 50, { ...key, ...change }, 0)
    expect(draw({})).toEqual(draw({}))
    for (const other of [
      draw({ epoch: 1 }),
      draw({ example: 8 }),
      draw({ seed: 2 }),
      drawTokens(100, 50, key, 1),
    ]) {
      expect(other).not.toEqual(draw({}))
    }
  })

  test('draws every position equally often', () => {
    const times = new Float64Array(20)
    const draws = 4000
    for (let example = 0; example < draws; example++) {
      drawTokens(20, 5, { ...key, example }, 0).forEach((w, t) => {
        times[t]! += w
      })
    }
    // Binomial with p = ¼: standard deviation 27; five of them.
    for (const count of times) expect(Math.abs(count - draws / 4)).toBeLessThan(137)
  })
})

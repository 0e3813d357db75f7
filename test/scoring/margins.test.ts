import { describe, expect } from 'vitest'
import type { EncodedAnswer } from '../../src/models/answer-batch'
import type { CausalNetwork } from '../../src/models/causal-network'
import { type AnswerPair, implicitMargins, logProbGaps } from '../../src/scoring/margins'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { meanLoss } from '../reference/losses'
import { tinyLlama } from '../tiny-llama'

const answer = (length: number, answerBegin: number, seed: number): EncodedAnswer => ({
  ids: Uint32Array.from(noise(length, seed), v => Math.floor(30 * (v + 1))),
  answerBegin,
})
const pairs: AnswerPair[] = [
  { chosen: answer(9, 3, 1), rejected: answer(4, 3, 2) },
  { chosen: answer(65, 1, 3), rejected: answer(2, 1, 4) },
  { chosen: answer(33, 32, 5), rejected: answer(40, 32, 6) },
]
/** Sums of up to 64 log-probs of the order of four, each right to about 1e-6. */
const close = { atol: 1e-4, rtol: 1e-6 }

function trained(network: CausalNetwork): LoraAdapter {
  const adapter = LoraAdapter.create(network, { rank: 4 })
  network.gpu.write(adapter.values, noise(adapter.values.size, 3, 0.3))
  return adapter
}

/** log p(chosen) − log p(rejected) from all logits in double precision. */
async function gap(network: CausalNetwork, { chosen, rejected }: AnswerPair, adapter: LoraAdapter | null) {
  const logProb = async ({ ids, answerBegin }: EncodedAnswer) =>
    -(await meanLoss(network, [...ids], answerBegin, adapter?.map)) * (ids.length - answerBegin)
  return (await logProb(chosen)) - (await logProb(rejected))
}

describe('margins', () => {
  test('are differences of the answers’ log-probs, of the policy and of policy and reference', async ({
    gpu,
  }) => {
    using network = tinyLlama(gpu)
    using adapter = trained(network)
    const gaps: number[] = []
    const margins: number[] = []
    for (const pair of pairs) {
      gaps.push(await gap(network, pair, adapter))
      margins.push(gaps.at(-1)! - (await gap(network, pair, null)))
    }
    expectClose((await logProbGaps(network, pairs, { adapter: adapter.map })) as number[], gaps, close)
    expectClose((await implicitMargins(network, pairs, { adapter: adapter.map })) as number[], margins, close)
    expect(Math.min(...margins.map(Math.abs))).toBeGreaterThan(0.01)
    const plain = (await logProbGaps(network, pairs.slice(0, 1))) as number[]
    expectClose(plain, [gaps[0]! - margins[0]!], close)
  })

  test('are missing where the model gives no number, and only there', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = trained(network)
    gpu.write(adapter.values, new Float32Array(adapter.values.size).fill(Number.NaN))
    const missing = { missing: 'the model gave no finite margin' }
    expect(await implicitMargins(network, pairs, { adapter: adapter.map })).toEqual(pairs.map(() => missing))
    expect((await logProbGaps(network, pairs)).every(value => typeof value === 'number')).toBe(true)
  })

  test('tell their progress over both passes, and stop when told', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = trained(network)
    const seen: number[] = []
    const options = { adapter: adapter.map, onProgress: (fraction: number) => seen.push(fraction) }
    await implicitMargins(network, pairs, options)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen).toContain(0.5)
    expect(seen.at(-1)).toBe(1)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(implicitMargins(network, pairs, { adapter: adapter.map, signal })).rejects.toThrow('enough')
    expect(await logProbGaps(network, [])).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { dpo } from '../../src/losses/dpo'
import type { LabelledLoss, TokenChoice } from '../../src/losses/loss'
import { nll, sft } from '../../src/losses/sft'
import { labelledBatch, pairBatch, sequenceBatch } from '../../src/training/micro-batch'

const answer = (answerBegin: number, ...ids: number[]) => ({ ids: Uint32Array.from(ids), answerBegin })

describe('pairBatch', () => {
  const pairs = [
    { index: 7, chosen: answer(1, 1, 2, 3), rejected: answer(1, 1, 4), truncated: false },
    { index: 3, chosen: answer(2, 5, 6, 7), rejected: answer(2, 5, 6, 8, 9), truncated: false },
  ]
  const references = [
    { chosen: Float32Array.of(-1, -2), rejected: Float32Array.of(-3) },
    { chosen: Float32Array.of(-4), rejected: Float32Array.of(-5, -6) },
  ]

  test('lays chosen and rejected out in turn, with references and weights beside them', () => {
    const asked: unknown[] = []
    const tokens: TokenChoice = {
      name: 'told',
      weigh(chosen, rejected, key) {
        asked.push([chosen, rejected, key])
        const side = (length: number, policy: number) => ({
          policy: new Float32Array(length).fill(policy),
          reference: new Float32Array(length).fill(2),
          length,
        })
        return { chosen: side(chosen, key.example), rejected: side(rejected, 0.5) }
      },
    }
    const batch = pairBatch(pairs, references, dpo({ tokens }), { seed: 11, epoch: 2 })
    expect(batch.spans).toEqual([
      [0, 2],
      [2, 3],
      [3, 4],
      [4, 6],
    ])
    expect([...batch.reference.subarray(0, 7)]).toEqual([-1, -2, -3, -4, -5, -6, 0])
    const [{ weights, lengths, count }] = batch.terms as [(typeof batch.terms)[0]]
    const factors = [...weights.subarray(0, 14)]
    expect(factors.filter((_, i) => i % 2 === 0)).toEqual([7, 7, 0.5, 3, 0.5, 0.5, 0])
    expect(factors.filter((_, i) => i % 2 === 1)).toEqual([2, 2, 2, 2, 2, 2, 0])
    expect([...lengths]).toEqual([2, 1, 1, 2])
    expect(count).toBe(2)
    expect(batch.reported.weights).toEqual(weights)
    // Draws depend on the pair's place in its file, not in the batch.
    expect(asked).toEqual([
      [2, 1, { seed: 11, epoch: 2, example: 7 }],
      [1, 2, { seed: 11, epoch: 2, example: 3 }],
    ])
    expect([batch.ids.length, batch.index.length, weights.length]).toEqual([64, 64, 128])
  })
  test('leaves tokens that no term counts out of the head, unless all are to be reported', () => {
    const first: TokenChoice = {
      name: 'first',
      weigh(chosen, rejected) {
        const side = (length: number) => {
          const policy = new Float32Array(length)
          policy[0] = 1
          return { policy, reference: policy, length: 1 }
        }
        return { chosen: side(chosen), rejected: side(rejected) }
      },
    }
    const loss = dpo({ tokens: first })
    const batch = pairBatch(pairs, references, loss, { seed: 0, epoch: 0 })
    expect(batch.spans.at(-1)).toEqual([3, 4])
    expect([...batch.targets.subarray(0, 4)]).toEqual([2, 4, 7, 8])
    expect([...batch.reference.subarray(0, 4)]).toEqual([-1, -3, -4, -5])
    const whole = pairBatch(pairs, references, loss, { seed: 0, epoch: 0, report: 'all' })
    expect(whole.spans.at(-1)).toEqual([4, 6])
    expect([...whole.terms[0]!.weights.subarray(0, 6)]).toEqual([1, 1, 0, 0, 1, 1])
    expect([...whole.reported.weights.subarray(0, 6)]).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('counts prompt and chosen answer alone where a term asks for that', () => {
    const loss = { ...dpo(), terms: [dpo().terms[0]!, { ...nll, prompt: true }] }
    const batch = pairBatch(pairs, null, loss, { seed: 0, epoch: 0 })
    // The second pair's prompt has a token that is predicted; its rejected one is read by nobody.
    expect(batch.spans).toEqual([
      [0, 2],
      [2, 3],
      [3, 5],
      [5, 7],
    ])
    const [sums, likelihood] = batch.terms
    const factors = (weights: Float32Array) => [...weights.subarray(0, 14)].filter((_, i) => i % 2 === 0)
    expect(factors(sums!.weights)).toEqual([1, 1, 1, 0, 1, 1, 1])
    expect(factors(likelihood!.weights)).toEqual([1, 1, 0, 1, 1, 0, 0])
    expect([sums!.count, likelihood!.count]).toEqual([2, 4])
  })
})

describe('sequenceBatch', () => {
  test('counts the tokens of the masks but the first, and pads to a multiple of 4', () => {
    const sequence = (index: number, ...mask: number[]) => ({
      index,
      ids: Uint32Array.from(mask, (_, t) => 10 * index + t),
      mask: Uint8Array.from(mask),
      truncated: false,
    })
    const sequences = [1, 2, 3, 4, 5].map(index => sequence(index, 1, 0, 1, 1))
    const batch = sequenceBatch(sequences, sft())
    expect([batch.examples, batch.indices.length, batch.spans.length]).toEqual([8, 5, 8])
    expect(batch.spans.slice(4)).toEqual([
      [8, 10],
      [10, 10],
      [10, 10],
      [10, 10],
    ])
    expect([...batch.targets.subarray(0, 4)]).toEqual([12, 13, 22, 23])
    expect(batch.terms[0]!.count).toBe(10)
  })
})

describe('labelledBatch', () => {
  test('tells which answers are desirable', () => {
    const loss: LabelledLoss = { kind: 'labelled', name: 'test', beta: 1, terms: dpo().terms, kl: false }
    const labelled = [
      { index: 4, answer: answer(1, 1, 2, 3), desirable: true, truncated: false },
      { index: 9, answer: answer(2, 1, 2, 3), desirable: false, truncated: false },
    ]
    const references = [Float32Array.of(-1, -2), Float32Array.of(-3)]
    const batch = labelledBatch(labelled, references, loss, { seed: 0, epoch: 0 })
    expect([...batch.labels!]).toEqual([1, 0])
    expect(batch.spans).toEqual([
      [0, 2],
      [2, 3],
    ])
    expect([...batch.reference.subarray(0, 3)]).toEqual([-1, -2, -3])
    expect(batch.indices).toEqual([4, 9])
  })
})

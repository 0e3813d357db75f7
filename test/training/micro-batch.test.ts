import { describe, expect, test } from 'vitest'
import { dpo } from '../../src/losses/dpo'
import type { PreferenceLoss } from '../../src/losses/loss'
import { microBatch } from '../../src/training/micro-batch'

const answer = (answerBegin: number, ...ids: number[]) => ({ ids: Uint32Array.from(ids), answerBegin })

describe('microBatch', () => {
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
    const loss: PreferenceLoss = {
      ...dpo(),
      weights: (chosen, rejected, key) => {
        asked.push([chosen, rejected, key])
        return {
          chosen: new Float32Array(chosen).fill(key.example),
          rejected: new Float32Array(rejected).fill(0.5),
        }
      },
    }
    const batch = microBatch(pairs, references, loss, { seed: 11, epoch: 2 })
    expect(batch.spans).toEqual([
      [0, 2],
      [2, 3],
      [3, 4],
      [4, 6],
    ])
    expect([...batch.reference.subarray(0, 7)]).toEqual([-1, -2, -3, -4, -5, -6, 0])
    expect([...batch.weight.subarray(0, 7)]).toEqual([7, 7, 0.5, 3, 0.5, 0.5, 0])
    // Draws depend on the pair's place in its file, not in the batch.
    expect(asked).toEqual([
      [2, 1, { seed: 11, epoch: 2, example: 7 }],
      [1, 2, { seed: 11, epoch: 2, example: 3 }],
    ])
    expect([batch.ids.length, batch.index.length, batch.weight.length]).toEqual([64, 64, 64])
  })
})

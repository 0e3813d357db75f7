import { describe, expect } from 'vitest'
import { answerLength, type EncodedAnswer } from '../../src/models/answer-batch'
import { tokenLogProbs } from '../../src/models/token-log-probs'
import { pack, uploadPacked } from '../../src/nn/packed'
import { Tape } from '../../src/ops/tape'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { f32Weight } from '../f32-weight'
import { test } from '../gpu'
import { expectClose, expectSame, noise } from '../numbers'
import { linearLogProb } from '../reference/linear-log-prob'
import { tinyConfig, tinyLlama } from '../tiny-llama'

const answer = (length: number, answerBegin: number, seed: number): EncodedAnswer => ({
  ids: Uint32Array.from(noise(length, seed), v => Math.floor(30 * (v + 1))),
  answerBegin,
})
const answers = [
  answer(9, 3, 1),
  answer(64, 1, 2),
  answer(2, 1, 3),
  answer(33, 32, 4),
  answer(17, 17, 5),
  answer(120, 50, 6),
  answer(5, 2, 7),
]

describe('tokenLogProbs', () => {
  test('is the log softmax of all logits in double precision, for the answer’s tokens', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    const got = await tokenLogProbs(network, answers)
    const head = await gpu.read(f32Weight(network.head))
    for (const [i, { ids, answerBegin }] of answers.entries()) {
      using tape = new Tape(gpu, { grad: false })
      using packed = uploadPacked(gpu, pack([ids]))
      const hidden = await gpu.read(network.forward(tape, packed))
      const C = tinyConfig.hidden
      const before = hidden.subarray((answerBegin - 1) * C, (ids.length - 1) * C)
      const want = linearLogProb(before, head, ids.subarray(answerBegin), C)
      expect(got[i]).toHaveLength(answerLength(answers[i]!))
      // Logits of the order of ten, in f32.
      expectClose(got[i]!, want, { atol: 1e-5, rtol: 1e-5 })
    }
  })

  test('gives each answer the same bits whatever it is computed with', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4 })
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.3))
    for (const map of [null, adapter.map]) {
      const alone = []
      for (const one of answers) alone.push((await tokenLogProbs(network, [one], { adapter: map }))[0]!)
      const compare = (got: readonly Float32Array[], want: readonly Float32Array[]) => {
        got.forEach((values, i) => {
          expectSame(values, want[i]!)
        })
      }
      for (const batchTokens of [1, 70, 4096])
        compare(await tokenLogProbs(network, answers, { adapter: map, batchTokens }), alone)
      compare(await tokenLogProbs(network, answers.toReversed(), { adapter: map }), alone.toReversed())
      compare(await tokenLogProbs(network, answers.slice(3), { adapter: map }), alone.slice(3))
    }
  })

  test('tells its progress by tokens, frees what it took, and stops when told', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    gpu.trim()
    const { allocated } = gpu.memory
    const seen: number[] = []
    await tokenLogProbs(network, answers, { batchTokens: 64, onProgress: f => seen.push(f) })
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
    // 2 + 5 + 9 + 17, then 33, 64 and 120 alone.
    expect(seen).toEqual([33, 66, 130, 250].map(tokens => tokens / 250))
    const stop = new AbortController()
    const running = tokenLogProbs(network, answers, {
      batchTokens: 64,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    })
    await expect(running).rejects.toThrow('enough')
    expect(await tokenLogProbs(network, [])).toEqual([])
  })
})

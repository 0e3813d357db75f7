import { describe, expect } from 'vitest'
import type { Pair } from '../../src/data/row'
import { pairItems } from '../../src/job/pair-items'
import { functionScorer } from '../../src/scoring/function-scorer'
import { implicitMargins } from '../../src/scoring/margins'
import { encodePairs } from '../../src/training/encode-pairs'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { test } from '../gpu'
import { noise } from '../numbers'
import { tinyModel } from '../tiny-model'

const pair = (index: number, chosen: string, rejected: string, rest: Partial<Pair> = {}): Pair => ({
  index,
  id: `pair-${index}`,
  raw: {},
  prompt: [{ role: 'user', content: 'a' }],
  chosen,
  rejected,
  ...rest,
})
const pairs = [
  pair(0, 'an answer', 'no', { chosenReward: 4, rejectedReward: 1 }),
  pair(3, 'yes', 'a longer answer', { prompt: [{ role: 'user', content: 'word '.repeat(60) }] }),
  pair(4, 'b', 'c', { chosenReward: 2 }),
]

describe('pairItems', () => {
  test('has the lengths and the rewards of the file, and computes nothing unasked', async ({ gpu }) => {
    using model = await tinyModel(gpu)
    const tokens = (text: string) => model.tokenizer.encode(text, { addSpecialTokens: false }).length
    expect(await pairItems(model, pairs)).toEqual([
      {
        index: 0,
        id: 'pair-0',
        chosenReward: 4,
        rejectedReward: 1,
        chosenTokens: tokens('an answer'),
        rejectedTokens: tokens('no'),
      },
      { index: 3, id: 'pair-3', chosenTokens: tokens('yes'), rejectedTokens: tokens('a longer answer') },
      { index: 4, id: 'pair-4', chosenReward: 2, chosenTokens: tokens('b'), rejectedTokens: tokens('c') },
    ])
  })

  test('takes the judge’s rewards in place of the file’s, and the policy’s margins', async ({ gpu }) => {
    using model = await tinyModel(gpu)
    using adapter = LoraAdapter.create(model.network, { rank: 4 })
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.3))
    const judge = functionScorer('length', ({ output }) => output.length)
    const seen: number[] = []
    const items = await pairItems(model, pairs, {
      adapter: adapter.map,
      judge,
      maxLength: 64,
      onProgress: fraction => seen.push(fraction),
    })
    expect(items.map(({ chosenReward, rejectedReward }) => [chosenReward, rejectedReward])).toEqual([
      [9, 2],
      [3, 15],
      [1, 1],
    ])
    const encoded = encodePairs(model.tokenizer, pairs, { maxLength: 64 })
    expect(encoded.pairs.map(({ index }) => index)).toEqual([0, 4])
    const [first, last] = await implicitMargins(model.network, encoded.pairs, { adapter: adapter.map })
    expect(items.map(({ implicitMargin }) => implicitMargin)).toEqual([
      first,
      { missing: encoded.dropped[0]!.reason },
      last,
    ])
    expect(first).not.toBe(0)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(pairItems(model, pairs, { judge, signal })).rejects.toThrow('enough')
  })
})

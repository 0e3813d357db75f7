import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/data/row'
import { loadTokenizer } from '../../src/io/tokenizer'
import { complexityPrompt, qualityPrompt } from '../../src/scoring/deita'
import { digitPromptScorer } from '../../src/scoring/digit-prompts'
import { encodeScored } from '../../src/scoring/encode-scored'
import type { PromptText } from '../../src/scoring/prompt-text'
import { rowExchanges } from '../../src/scoring/scorer'
import { ScorerError } from '../../src/scoring/scorer-error'
import { bundledFiles } from '../bundled-model'
import { fixtureTokenizer } from '../io/template-fixture'
import { folder } from '../models/llama-fixture'
import { rowOf } from './rows'

const bundled = await loadTokenizer(await bundledFiles())
/** Has digits with the space before them only. */
const spaced = await loadTokenizer(
  folder(
    {
      'tokenizer.json': JSON.stringify({
        version: '1.0',
        added_tokens: [{ id: 0, content: '<unk>', special: true }],
        normalizer: null,
        pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
        post_processor: null,
        decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
        model: {
          type: 'Unigram',
          unk_id: 0,
          vocab: ['<unk>', '▁', 'e', ':', 'y', '▁1', '▁2', '▁3', '▁4', '▁5', '▁6'].map((piece, i) => [
            piece,
            -i,
          ]),
        },
      }),
      'tokenizer_config.json': '{"unk_token":"<unk>"}',
    },
    'spaced',
  ),
)

const rows = [
  rowOf(0, ['What is 17 + 4?', '21'], { complexity: 1, quality: 5 }),
  rowOf(1, ['Prove it. ¿Sí? 🎵', 'By counting:\n\n1, 2, 3 …'], { complexity: '6', quality: 2 }),
  rowOf(2, ['A', 'B', 'C', 'D'], { complexity: [2, 3], quality: '[4, 6]' }),
]

/** What the scorer reads at the end of, and the tokens of its digits. */
async function readByScorer(
  tokenizer: typeof bundled,
  prompt: PromptText,
  given: readonly Row[],
  maxTokens: number,
) {
  let seen: { sequences: readonly (readonly number[])[]; digits: Uint32Array } | null = null
  const scorer = digitPromptScorer(tokenizer, 'key', prompt, maxTokens, async (sequences, digits, give) => {
    seen = { sequences, digits }
    give(
      [...sequences.keys()],
      sequences.map(() => 1),
    )
  })
  const scores = await scorer.score(given.flatMap(rowExchanges), {})
  return { ...seen!, truncated: scores.map(({ truncated }) => truncated) }
}

describe.each([
  ['complexity', complexityPrompt],
  ['quality', qualityPrompt],
] as const)('%s', (label, prompt) => {
  test.each([1024, 30])('a label stands where the scorer reads it, within %i tokens', async maxLength => {
    for (const tokenizer of [bundled, spaced]) {
      const { sequences, dropped } = encodeScored(tokenizer, rows, { prompt, label, maxLength })
      expect(dropped).toEqual([])
      const read = await readByScorer(tokenizer, prompt, rows, maxLength - 1)
      expect(sequences.map(({ ids }) => [...ids.subarray(0, -1)])).toEqual(read.sequences)
      expect(sequences.map(({ truncated }) => truncated)).toEqual(read.truncated)
      const labels = label === 'complexity' ? [1, 6, 2, 3] : [5, 2, 4, 6]
      expect(sequences.map(({ ids }) => read.digits.indexOf(ids.at(-1)!) + 1)).toEqual(labels)
      expect(sequences.map(({ index }) => index)).toEqual([0, 1, 2, 2])
      // The tokens are those of the text that ends with the label.
      const texts = rows.flatMap(rowExchanges).map((exchange, i) => `${prompt(exchange)}${labels[i]}`)
      for (const [i, { ids, truncated }] of sequences.entries())
        if (!truncated) expect([...ids]).toEqual(tokenizer.encode(texts[i]!))
      for (const { ids, mask } of sequences) {
        expect(ids.length).toBeLessThanOrEqual(maxLength)
        expect([...mask]).toEqual([...ids].map((_, t) => (t === ids.length - 1 ? 1 : 0)))
      }
    }
  })
})

test('rows without a label are dropped, wrong labels are errors that name the row', () => {
  const options = { prompt: complexityPrompt, label: 'stars' }
  const encode = (raw: unknown) => encodeScored(bundled, [rowOf(7, ['Q', 'A'], raw)], options)
  for (const raw of [{}, { stars: null }, { stars: '' }, null])
    expect(encode(raw)).toEqual({
      sequences: [],
      dropped: [{ index: 7, cause: 'no label', reason: 'the row has nothing in its column "stars"' }],
    })
  const wrong: [unknown, string][] = [
    [0, 'its "stars" is 0'],
    [7, 'its "stars" is 7'],
    [3.5, 'its "stars" is 3.5'],
    ['good', '"stars" is text, expected a number or a list of numbers'],
    [[1, 2], 'its "stars" has 2 labels for 1 exchanges'],
    [[9], 'its "stars" is 9'],
  ]
  for (const [stars, got] of wrong)
    expect(() => encode({ stars })).toThrow(
      new ScorerError(
        `row 7: ${got}, expected a whole number from 1 to 6; correct the row, or empty its column "stars" to leave it out`,
      ),
    )
  for (const maxLength of [1, 2.5, Number.NaN])
    expect(() => encodeScored(bundled, rows, { ...options, maxLength })).toThrow(ScorerError)
})

test('a tokenizer without digits cannot score, so it cannot be trained to', async () => {
  const tokenizer = await fixtureTokenizer('qwen')
  const digits = ['1', '2', '3', '4', '5', '6']
  const tokenId = (token: string) =>
    digits.some(digit => token.endsWith(digit)) ? null : tokenizer.tokenId(token)
  expect(() =>
    encodeScored({ ...tokenizer, tokenId }, rows, { prompt: qualityPrompt, label: 'quality' }),
  ).toThrow(ScorerError)
})

test('whatever is written: one trained token, the last, never over the limit', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 2, max: 64 }),
      (question, answer, label, maxLength) => {
        const row = rowOf(0, [question, answer], { label })
        const { sequences } = encodeScored(bundled, [row], {
          prompt: qualityPrompt,
          label: 'label',
          maxLength,
        })
        expect(sequences).toHaveLength(1)
        const [{ ids, mask }] = sequences as [(typeof sequences)[number]]
        expect(ids.length).toBeLessThanOrEqual(maxLength)
        expect(bundled.decode([ids.at(-1)!])).toBe(String(label))
        expect(mask.indexOf(1)).toBe(ids.length - 1)
      },
    ),
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TextPiece } from '../../src/io/encode-pieces'
import fixture from '../fixtures/templates.json'
import { fixtureTokenizer, loadFixtureTokenizer } from './template-fixture'

const qwen = await fixtureTokenizer('qwen')
const llama = await fixtureTokenizer('llama')
const { vocab } = fixture.tokenizers.qwen['tokenizer.json'].model

/** Bytes that a token of the byte-level tokenizer stands for: one for each character of its entry. */
const bytesOf = new Map(Object.entries(vocab).map(([entry, id]) => [id, entry.length]))
const bytes = (text: string) => new TextEncoder().encode(text).length
const tokenBytes = (id: number) => bytesOf.get(id) ?? bytes(qwen.decode([id]))

const piece = (text: string, trained = false, literal = false): TextPiece => ({ text, trained, literal })
const own = fc.constantFrom(
  '<|im_start|>user\n',
  '<|im_end|>\n',
  '<|im_start|>',
  'ASSISTANT:',
  '\n\n',
  ' ',
  '</s>',
)
// Whatever NFC leaves as it is: bytes are counted.
const written = fc.stringMatching(/^[a-c \n\t1.中文👍<|>/s]{0,9}$/u)
const pieces = fc.array(
  fc.oneof(
    fc.record({ text: own, trained: fc.boolean(), literal: fc.constant(false) }),
    fc.record({ text: written, trained: fc.boolean(), literal: fc.constant(true) }),
  ),
  { maxLength: 7 },
)

describe('encodePieces', () => {
  test('marks each token with a character of a trained piece, and no other', () => {
    fc.assert(
      fc.property(pieces, given => {
        const { ids, mask } = qwen.encodePieces(given)
        const text = given.map(each => each.text).join('')
        expect(qwen.decode(ids)).toBe(text)
        const trained = given.flatMap(each => Array(bytes(each.text)).fill(each.trained) as boolean[])
        let begin = 0
        for (const [t, id] of ids.entries()) {
          const end = begin + tokenBytes(id)
          expect(mask[t] === 1).toBe(trained.slice(begin, end).includes(true))
          begin = end
        }
        expect(begin).toBe(trained.length)
      }),
      { numRuns: 300 },
    )
  })

  test('gives the ids of the joined text, where no literal piece spells a special token', () => {
    fc.assert(
      fc.property(pieces, given => {
        const text = given.map(each => each.text).join('')
        for (const tokenizer of [qwen, llama]) {
          const plain = tokenizer.encode(text, { addSpecialTokens: false })
          expect(tokenizer.encodePieces(given, { splitSpecialTokens: false }).ids).toEqual(plain)
          if (given.some(each => each.literal && /[<|>]/.test(each.text))) continue
          expect(tokenizer.encodePieces(given).ids).toEqual(plain)
        }
      }),
      { numRuns: 100 },
    )
  })

  test('takes special tokens in literal pieces for text, whatever stands beside them', () => {
    const spelled = ['</s>', '<|im_end|>', 'a</s>b', ' <s> ', '<|im_end|><|im_start|>', '</s', '</s></s>']
    for (const tokenizer of [qwen, llama]) {
      const special = new Set(['<s>', '</s>', '<|im_end|>', '<|im_start|>'].map(tokenizer.tokenId))
      for (const text of spelled) {
        const { ids } = tokenizer.encodePieces([piece('</s>'), piece(text, true, true), piece('</s>')])
        expect(ids.filter(id => special.has(id))).toEqual([ids[0], ids.at(-1)])
        expect(tokenizer.decode(ids.slice(1, -1)).trimStart()).toBe(text.trimStart())
        expect(tokenizer.encodePieces([piece(text)]).ids).toEqual(
          tokenizer.encode(text, { addSpecialTokens: false }),
        )
      }
    }
  })

  test('writes special tokens also where a normalizer would hide them', async () => {
    const file = structuredClone(fixture.tokenizers.llama['tokenizer.json'])
    for (const token of file.added_tokens) token.normalized = true
    const tokenizer = await loadFixtureTokenizer('llama', {}, { 'tokenizer.json': file })
    // As in Python, a space that is put before `</s>` belongs to it from then on.
    expect(tokenizer.encode('a</s>', { addSpecialTokens: false })).not.toContain(2)
    for (const text of ['a</s>', '</s>a', '<s>a</s></s>b'])
      expect(tokenizer.encodePieces([piece(text)]).ids).toEqual(llama.encodePieces([piece(text)]).ids)
  })

  test('added tokens that are not special stay tokens, as in Python', () => {
    const { ids } = qwen.encodePieces([piece('<think>', true, true)])
    expect(ids).toEqual([qwen.tokenId('<think>')])
  })

  test('an empty piece marks no token, also none that holds the characters on both its sides', () => {
    const around = [piece('<|im_start|>user\n'), piece('', true, true), piece('\n\n')]
    const { ids, mask } = qwen.encodePieces(around)
    expect(ids).toEqual(qwen.encode('<|im_start|>user\n\n\n', { addSpecialTokens: false }))
    expect([...mask]).toEqual(ids.map(() => 0))
  })

  test('of nothing', () => {
    expect(qwen.encodePieces([])).toEqual({ ids: [], mask: new Uint8Array(0) })
    expect(qwen.encodePieces([piece('', true)])).toEqual({ ids: [], mask: new Uint8Array(0) })
    expect(llama.encodePieces([piece(''), piece('', true), piece('</s>')]).mask).toEqual(Uint8Array.of(0))
  })
})

test('any text has ids, half a surrogate pair those of U+FFFD', () => {
  const half = fc.constantFrom('\ud83d', '\udc4d', '\ud800')
  const text = fc.array(fc.oneof(half, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 5 })
  fc.assert(
    fc.property(text, parts => {
      const broken = parts.join('')
      const whole = broken.replace(/\p{Surrogate}/gu, '\uFFFD')
      for (const tokenizer of [qwen, llama]) {
        const { ids } = tokenizer.encodePieces([piece(broken, true, true)])
        expect(ids).toEqual(tokenizer.encodePieces([piece(whole, true, true)]).ids)
        expect(tokenizer.encode(broken)).toEqual(tokenizer.encode(whole))
      }
    }),
    { numRuns: 200 },
  )
})

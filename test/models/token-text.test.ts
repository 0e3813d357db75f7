import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import bundled from '../../demo/public/model/tokenizer.json'
import bundledConfig from '../../demo/public/model/tokenizer_config.json'
import { loadTokenizer, type Tokenizer } from '../../src/io/tokenizer'
import { TokenText } from '../../src/models/token-text'
import { folder } from './llama-fixture'

const files = {
  'byte-level BPE': {
    'tokenizer.json': JSON.stringify(bundled),
    'tokenizer_config.json': JSON.stringify(bundledConfig),
  },
  'BPE with byte fallback': {},
}

describe.each(Object.entries(files))('%s', (_, given) => {
  let tokenizer: Tokenizer
  beforeAll(async () => {
    tokenizer = await loadTokenizer(folder(given, 'tiny'))
  })

  const pieces = (ids: readonly number[]) => {
    const text = new TokenText(tokenizer)
    return [...ids.map(id => text.push(id)), text.end()]
  }
  const whole = (ids: readonly number[]) => tokenizer.decode(ids, { skipSpecialTokens: true })

  test('gives in pieces what it gives at once, whatever the tokens', () => {
    // Those of single bytes come first in both vocabularies: broken characters of every kind.
    const id = fc.oneof(fc.nat(300), fc.nat(tokenizer.size - 1))
    fc.assert(
      fc.property(fc.array(id, { maxLength: 30 }), ids => {
        expect(pieces(ids).join('')).toBe(whole(ids))
      }),
      { numRuns: 1000 },
    )
  })

  test('gives texts in pieces, and characters of several tokens whole', () => {
    const word = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('é', '👍🏽', '漢字', ' ', '\n', 'the'),
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), words => {
        const text = words.join('')
        fc.pre(!text.includes('\uFFFD'))
        const ids = tokenizer.encode(text, { addSpecialTokens: false })
        const got = pieces(ids)
        expect(got.join('')).toBe(whole(ids))
        for (const piece of got) expect(piece).not.toContain('\uFFFD')
      }),
    )
  })

  test('gives a piece for each token of plain words', () => {
    const ids = tokenizer.encode('the quick brown fox jumps over the lazy dog', { addSpecialTokens: false })
    const got = pieces(ids)
    expect(got.slice(0, -1).every(piece => piece !== '')).toBe(true)
    expect(got.at(-1)).toBe('')
  })

  test('gives nothing for ids that no token has', () => {
    const ids = tokenizer.encode('the fox', { addSpecialTokens: false })
    const beyond = [tokenizer.size, ...ids, tokenizer.size + 7]
    expect(pieces(beyond).join('')).toBe(whole(ids))
  })
})

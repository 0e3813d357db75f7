import { describe, expect, test } from 'vitest'
import { startOfText } from '../../src/embedding/start-of-text'
import { loadTokenizer } from '../../src/io/tokenizer'
import { encoderFolder, mini, texts } from '../models/bert-fixture'
import { folder } from '../models/llama-fixture'

describe('startOfText', () => {
  test('keeps what stands around every text, and the start of what it stands around', async () => {
    const tokenizer = await loadTokenizer(encoderFolder(mini))
    for (const text of texts) {
      const ids = tokenizer.encode(text)
      expect(startOfText(tokenizer, text, ids.length)).toEqual(ids)
      for (let most = 2; most < ids.length; most++) {
        expect(startOfText(tokenizer, text, most)).toEqual([...ids.slice(0, most - 1), 3])
      }
    }
    // Its own start is like what stands in front of it.
    expect(startOfText(tokenizer, '[CLS][CLS] the', 4)).toEqual([2, 2, 2, 3])
    expect(startOfText(tokenizer, 'the', 1)).toEqual([2])
  })

  test('keeps the first tokens where nothing stands behind them', async () => {
    const tokenizer = await loadTokenizer(folder({}, 'tiny'))
    const text = 'the quick brown fox'
    const ids = tokenizer.encode(text)
    expect(startOfText(tokenizer, text, 5)).toEqual(ids.slice(0, 5))
    const bare = { ...tokenizer, encode: (of: string) => tokenizer.encode(of, { addSpecialTokens: false }) }
    expect(startOfText(bare, text, 5)).toEqual(bare.encode(text).slice(0, 5))
  })
})

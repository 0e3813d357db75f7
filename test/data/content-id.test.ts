import fc from 'fast-check'
import { expect, it } from 'vitest'
import { contentId } from '../../src/data/content-id'

/** Vectors of the FNV authors' test suite. */
it.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['foobar', '85944171f73967e8'],
])('%j → %s', (text, id) => {
  expect(contentId(text)).toBe(id)
})

it('equals the definition in big integers', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      let hash = 0xcbf29ce484222325n
      for (const byte of new TextEncoder().encode(text))
        hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) % 2n ** 64n
      expect(contentId(text)).toBe(hash.toString(16).padStart(16, '0'))
    }),
  )
})

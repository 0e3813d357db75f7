import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeUtf8, excerpt, invalidUtf8At } from '../../src/data/utf-8'

it('finds an invalid byte exactly where the decoder refuses', () => {
  const byte = fc.constantFrom(
    0x41,
    0x7f,
    0x80,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), fc.array(byte, { maxLength: 8 }), (random, chosen) => {
      const bytes = Uint8Array.from([...random, ...chosen])
      const at = invalidUtf8At(bytes)
      expect(at === -1).toBe(decodeUtf8(bytes) !== undefined)
      if (at !== -1) expect(decodeUtf8(bytes.subarray(0, at))).toBeDefined()
    }),
    { numRuns: 3000 },
  )
})

it.each([
  [[0x61, 0xe9, 0x62], 1],
  [[0xc3, 0xa9, 0xc3], 2],
  [[0xed, 0xa0, 0x80], 0],
  [[0xf4, 0x90, 0x80, 0x80], 0],
  [[0xe0, 0x80, 0x80], 0],
  [[0x61, 0xf0, 0x9f, 0x98, 0x80], -1],
])('%j: %i', (bytes, at) => {
  expect(invalidUtf8At(Uint8Array.from(bytes))).toBe(at)
})

it('shows the beginning on one line and cuts no character in two', () => {
  expect(excerpt('{"a":\n\t"b\u0000"}')).toBe('{"a": "b "}')
  expect(excerpt('😀'.repeat(81))).toBe(`${'😀'.repeat(79)}…`)
  expect(excerpt('x'.repeat(80))).toBe('x'.repeat(80))
})

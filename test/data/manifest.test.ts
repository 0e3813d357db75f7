import { expect, it } from 'vitest'
import { fileDigest, jsonLines, sha256Hex } from '../../src/data/manifest'

/** FIPS 180-4 examples. */
it.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
])('SHA-256 of %j', async (text, hex) => {
  expect(await sha256Hex(new TextEncoder().encode(text))).toBe(hex)
})

it('hashes only the bytes of a view', async () => {
  const whole = new TextEncoder().encode('xabcx')
  expect(await sha256Hex(whole.subarray(1, 4))).toMatch(/^ba7816bf/)
})

it('describes a file by the bytes of its text', async () => {
  expect(await fileDigest('a.json', 'é')).toEqual({
    name: 'a.json',
    bytes: 2,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(await fileDigest('a', 'abc')).toEqual(await fileDigest('a', new TextEncoder().encode('abc')))
})

it('writes one line a value', () => {
  expect(jsonLines([])).toBe('')
  expect(jsonLines([{ a: 'x\ny' }, { b: [1, Number.NaN] }])).toBe('{"a":"x\\ny"}\n{"b":[1,null]}\n')
})

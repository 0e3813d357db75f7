import fc from 'fast-check'
import { expect, test } from 'vitest'
import { duplicateKey } from '../../src/io/json-keys'

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['{"x":[{"b":{},"c":[1],"b":3}]}', 'b'],
  ['{"":0,"":0}', ''],
  ['{"__proto__":0,"__proto__":1}', '__proto__'],
  ['{"a":"a","b":["a","a"],"c":{"a":1}}', null],
  ['[{"a":1},{"a":1},"a","a"]', null],
  ['{"say \\"a\\"":"a\\\\","b":",{\\"b\\":1,"}', null],
  ['"a"', null],
])('%s → %s', (json, key) => {
  expect(duplicateKey(json)).toBe(key)
})

test('JSON.stringify never writes a key twice', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.nat(2),
      (value, indent) => duplicateKey(JSON.stringify(value, null, indent)) === null,
    ),
  )
})

test('a key that is written twice is found, however deep', () => {
  const name = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(fc.jsonValue(), name, fc.jsonValue(), fc.nat(5), (first, key, second, depth) => {
      const text = JSON.stringify(key)
      const inner = `{${text}:${JSON.stringify(first)},${text} : ${JSON.stringify(second)}}`
      const json = `${'[1,{"q":'.repeat(depth)}${inner}${'}]'.repeat(depth)}`
      JSON.parse(json)
      expect(duplicateKey(json)).toBe(key)
    }),
  )
})

test('a deep nest does not exhaust the stack', () => {
  expect(duplicateKey('['.repeat(1e6) + ']'.repeat(1e6))).toBeNull()
})

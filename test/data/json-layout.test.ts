import fc from 'fast-check'
import { expect, it } from 'vitest'
import { layoutJson } from '../../src/data/json-layout'

it('lays out as JSON.stringify does, from any layout', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 2, 4), fc.constantFrom(0, 2, 3), (value, from, to) => {
      expect(layoutJson(JSON.stringify(value, null, from), to)).toBe(JSON.stringify(value, null, to))
    }),
  )
})

it('keeps every token as it was written', () => {
  const text = '{ "b" :1.0,\t"1": 12345678901234567890, "b":"\\u00e9 { , : \\" \\\\" , "e":[ ], "f":{\r\n} }'
  expect(layoutJson(text, 0)).toBe(
    '{"b":1.0,"1":12345678901234567890,"b":"\\u00e9 { , : \\" \\\\","e":[],"f":{}}',
  )
  expect(layoutJson('[{"a":[1]}]', 2, 1)).toBe('[\n    {\n      "a": [\n        1\n      ]\n    }\n  ]')
})

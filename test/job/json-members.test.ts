import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowJson, withMembers } from '../../src/job/json-members'

const none = new Set<string>()

describe('members of a JSON object', () => {
  it('keeps every character of what stays', () => {
    const object = '{"n":1.0,"big":12345678901234567890,"e":"\\u00e9\\"},{","l":[1e2,{"a":"]"}],"n":{}}'
    expect(withMembers(object, none, {})).toBe(object)
    expect(withMembers(object, new Set(['l']), { score: 2 })).toBe(
      '{"n":1.0,"big":12345678901234567890,"e":"\\u00e9\\"},{","n":{},"score":2}',
    )
  })

  it('replaces every member of a name, however it is written', () => {
    expect(withMembers('{"a":1,"\\u0061":2,"b":3}', none, { a: [null] })).toBe('{"b":3,"a":[null]}')
    expect(withMembers('{}', none, { a: 1 })).toBe('{"a":1}')
  })

  it('means what an object with the members set means', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (object, added) => {
          const text = withMembers(JSON.stringify(object), none, added)
          const wanted = new Map([...Object.entries(object), ...Object.entries(added)])
          expect(new Map(Object.entries(JSON.parse(text)))).toEqual(
            new Map(Object.entries(JSON.parse(JSON.stringify(Object.fromEntries(wanted))))),
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  it('gives a row on one line, as it was written', () => {
    expect(rowJson({ raw: { a: 1 }, source: '{ "a" :\n 1.0 }' })).toBe('{"a":1.0}')
    expect(rowJson({ raw: { a: 'é' } })).toBe('{"a":"é"}')
  })
})

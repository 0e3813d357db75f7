import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GenerationError } from '../../src/models/generation-error'
import { StopStrings } from '../../src/models/stop-strings'

/** Where the text ends: looked at after every character, before the longest stop string that is complete. */
function endOf(text: string, stops: readonly string[]): number | null {
  for (let end = 1; end <= text.length; end++) {
    const complete = stops.filter(stop => text.slice(0, end).endsWith(stop))
    if (complete.length > 0) return end - Math.max(...complete.map(stop => stop.length))
  }
  return null
}

/** A text cut into pieces, empty ones among them. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map(p => p % (text.length + 1)), text.length].sort((a, b) => a - b)
  return at.slice(1).map((end, i) => text.slice(at[i]!, end))
}

function run(pieces: readonly string[], stops: readonly string[]) {
  const found = new StopStrings(stops)
  const given = pieces.map(piece => found.push(piece))
  return { text: given.join('') + found.end(), given, found: found.found }
}

describe('stop strings', () => {
  // Two letters: overlaps, repetitions and stop strings within others come by themselves.
  const letters = (length: object) => fc.string({ unit: fc.constantFrom('a', 'b'), ...length })
  const stops = fc.array(letters({ minLength: 1, maxLength: 5 }), { maxLength: 4 })
  const places = fc.array(fc.nat(), { maxLength: 12 })

  test('end the text where a plain search does, however it is cut', () => {
    fc.assert(
      fc.property(letters({ maxLength: 40 }), stops, places, (text, wanted, at) => {
        const end = endOf(text, wanted)
        const got = run(cut(text, at), wanted)
        expect(got.text).toBe(text.slice(0, end ?? text.length))
        expect(got.found).toBe(end !== null)
      }),
      { numRuns: 2000 },
    )
  })

  test('hold back only what may still become one', () => {
    fc.assert(
      fc.property(letters({ maxLength: 40 }), stops, places, (text, wanted, at) => {
        const pieces = cut(text, at)
        const { given, found } = run(pieces, wanted)
        if (found) return
        let [seen, shown] = ['', '']
        pieces.forEach((piece, i) => {
          seen += piece
          shown += given[i]
          const held = seen.slice(shown.length)
          expect(seen.startsWith(shown)).toBe(true)
          if (held !== '') expect(wanted.some(stop => stop.startsWith(held))).toBe(true)
        })
      }),
    )
  })

  test('across pieces, in words', () => {
    expect(run(['Hel', 'lo\nUs', 'er', ': and more'], ['\nUser:'])).toEqual({
      text: 'Hello',
      given: ['Hel', 'lo', '', ''],
      found: true,
    })
    expect(run(['Hello\nUs', 'ed'], ['\nUser:'])).toMatchObject({ text: 'Hello\nUsed', found: false })
    expect(run(['x', 'y'], [])).toEqual({ text: 'xy', given: ['x', 'y'], found: false })
  })

  test('must not be empty', () => {
    expect(() => new StopStrings(['a', ''])).toThrow(
      new GenerationError('stop string 1 is empty, expected some text'),
    )
  })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrainingError } from '../../src/training/errors'
import { keepEnd, keepStart, promptFirst, proportional, type Truncation } from '../../src/training/truncation'

const cut = (rule: Truncation, prompt: number, answer: number, longest: number, maxLength: number) => {
  const kept = rule.cut({ prompt, answer, longest }, maxLength)
  return [kept.prompt, kept.answer]
}

test('keepStart takes from the end of answers, keepEnd from the beginning of prompts', () => {
  expect(cut(keepStart(), 6, 5, 5, 8)).toEqual([
    [0, 6],
    [0, 2],
  ])
  expect(cut(keepStart(), 9, 5, 5, 8)).toEqual([
    [0, 8],
    [0, 0],
  ])
  expect(cut(keepEnd(), 6, 5, 5, 8)).toEqual([
    [3, 6],
    [0, 5],
  ])
  expect(cut(keepEnd(), 6, 9, 9, 8)).toEqual([
    [6, 6],
    [1, 9],
  ])
})

test('promptFirst shortens the prompt for the longest answer, and answers once it is down to what it keeps', () => {
  const rule = promptFirst({ keep: 3 })
  expect(cut(rule, 6, 2, 5, 9)).toEqual([
    [2, 6],
    [0, 2],
  ])
  expect(cut(rule, 6, 9, 9, 9)).toEqual([
    [3, 6],
    [0, 6],
  ])
  expect(cut(rule, 2, 9, 9, 9)).toEqual([
    [0, 2],
    [0, 7],
  ])
  // A prompt never takes all.
  expect(cut(promptFirst(), 90, 9, 9, 9)).toEqual([
    [82, 90],
    [0, 1],
  ])
  for (const keep of [0, -1, 1.5, Number.NaN])
    expect(() => promptFirst({ keep })).toThrow(
      new TrainingError(`promptFirst: keep is ${keep}, expected a whole number of at least 1`),
    )
})

test('proportional cuts a long prompt, long answers, or both', () => {
  expect(cut(proportional(), 20, 3, 4, 10)).toEqual([
    [0, 6],
    [0, 3],
  ])
  expect(cut(proportional(), 4, 20, 20, 10)).toEqual([
    [0, 4],
    [0, 6],
  ])
  expect(cut(proportional(), 20, 12, 12, 10)).toEqual([
    [0, 7],
    [0, 3],
  ])
})

test('every rule keeps all of what fits, stays within the limit, and cuts nothing from the middle', () => {
  const length = fc.integer({ min: 0, max: 60 })
  const rules = [keepStart(), keepEnd(), promptFirst(), promptFirst({ keep: 5 }), proportional()]
  fc.assert(
    fc.property(
      length,
      length,
      length,
      fc.integer({ min: 2, max: 80 }),
      fc.constantFrom(...rules),
      (prompt, answer, other, maxLength, rule) => {
        const longest = Math.max(answer, other)
        const kept = rule.cut({ prompt, answer, longest }, maxLength)
        const [[a, b], [c, d]] = [kept.prompt, kept.answer]
        expect(0 <= a && a <= b && b <= prompt && 0 <= c && c <= d && d <= answer).toBe(true)
        expect(b - a + d - c).toBeLessThanOrEqual(maxLength)
        // One end of each stays, unless nothing does.
        expect(a === 0 || b === prompt || a === b).toBe(true)
        expect(c === 0 || d === answer).toBe(true)
        if (prompt + longest <= maxLength) expect([a, b, c, d]).toEqual([0, prompt, 0, answer])
      },
    ),
    { numRuns: 2000 },
  )
})

import { expect, it } from 'vitest'
import { unrolled } from '../../src/ops/unrolled'

it('writes a loop out as blocks with a constant', () => {
  expect(unrolled('a; for (var d = 0u; d < TWO; d++) { x[d] = 1; } b;', { TWO: 2 })).toBe(
    'a; {\n  const d = 0u; x[d] = 1; }\n{\n  const d = 1u; x[d] = 1; } b;',
  )
})

it('leaves nothing of a loop that goes round no times', () => {
  expect(unrolled('a; for (var d = 0u; d < NONE; d++) { x[d] = 1; } b;', { NONE: 0 })).toBe('a;  b;')
})

it('writes out a loop in a loop, and braces within', () => {
  const code = 'for (var i = 0u; i < TWO; i++) { if (i > 0) { for (var j = 0u; j < ONE; j++) { y(i, j); } } }'
  expect(unrolled(code, { ONE: 1, TWO: 2 })).toBe(
    [0, 1].map(i => `{\n  const i = ${i}u; if (i > 0) { {\n  const j = 0u; y(i, j); } } }`).join('\n'),
  )
})

it('leaves other loops as they are', () => {
  for (const code of [
    'for (var d = 0u; d < OTHER; d++) { a; }',
    'for (var d = 1u; d < TWO; d++) { a; }',
    'for (var d = 0u; e < TWO; d++) { a; }',
    'for (var d = 0u; d < TWO; d += 2) { a; }',
  ]) {
    expect(unrolled(`${code} for (var i = 0u; i < TWO; i++) {}`, { TWO: 2 }).startsWith(code)).toBe(true)
    expect(() => unrolled(code, { TWO: 2 })).toThrow(new RangeError('no loop to TWO'))
  }
})

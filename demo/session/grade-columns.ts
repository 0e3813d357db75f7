import { columnNumbers, type Row } from '../../src/index'

/** Rows that are looked at to find out what they bring along. */
const SAMPLE = 100

/** Columns of which every value that is there is a grade from 1 to 6, or a list of them. */
export function gradeColumnsOf(rows: readonly Row[]): string[] {
  const sample = rows.slice(0, SAMPLE).map(({ raw }) => raw as Readonly<Record<string, unknown>>)
  const names = [...new Set(sample.flatMap(raw => Object.keys(raw)))]
  return names.filter(name => {
    const given = sample.filter(raw => (raw[name] ?? '') !== '')
    return given.length > 0 && given.every(raw => areGrades(raw, name))
  })
}

function areGrades(raw: unknown, name: string): boolean {
  const numbers = columnNumbers(raw, name)
  if (typeof numbers === 'object' && 'problem' in numbers) return false
  const list = typeof numbers === 'number' ? [numbers] : numbers
  return list.length > 0 && list.every(value => Number.isInteger(value) && value >= 1 && value <= 6)
}

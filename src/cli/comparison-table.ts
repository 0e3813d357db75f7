import type { Comparison, Profile } from '../index'

/** A comparison as text for a terminal. */
export function comparisonTable({ unit, pool, selections, caution }: Comparison): string {
  const names = selections.map((_, i) => letter(i))
  const head = [
    '',
    'rows',
    unit,
    'mean',
    'median',
    'score',
    'as random',
    'as longest',
    ...names.map(n => `as ${n}`),
  ]
  const rows = selections.flatMap(({ name, profile, random, longest, overlaps }, i) => [
    [
      `${names[i]}  ${name}`,
      ...profileCells(profile),
      share(random.overlap),
      share(longest.overlap),
      ...overlaps.map((overlap, k) => (k === i ? '' : share(overlap))),
    ],
    ['   as many random', ...profileCells(random.profile)],
    ['   as many longest', ...profileCells(longest.profile)],
  ])
  const table = aligned([head, ...rows, ['   the whole pool', ...profileCells(pool)]])
  const sources = selections.flatMap(({ profile }, i) => sourceLine(names[i]!, profile))
  const words = selections.map(({ inWords }) => inWords)
  return `${[...table, '', ...sources, ...words, caution].join('\n')}\n`
}

const letter = (i: number) => (i < 26 ? String.fromCharCode(65 + i) : String(i + 1))
const share = (overlap: number) => `${(100 * overlap).toFixed(1)} %`
const decimal = (value: number | null, digits: number) => (value === null ? '-' : value.toFixed(digits))

const profileCells = ({ rows, totalLength, meanLength, medianLength, meanScore }: Profile): string[] => [
  String(rows),
  String(totalLength),
  decimal(meanLength, 1),
  decimal(medianLength, 1),
  decimal(meanScore, 3),
]

/** The largest sources of a selection, if any row says where it comes from. */
function sourceLine(name: string, { sources, rows }: Profile): string[] {
  if (sources.every(({ source }) => source === null)) return []
  const shown = sources
    .slice(0, 6)
    .map(({ source, rows: some }) => `${source ?? 'no source'} ${share(some / rows)}`)
  return [`${name}: ${shown.join(', ')}`]
}

/** The first column to the left, the others to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map(row => row[column]?.length ?? 0))
  return rows.map(row =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(width(0)) : cell.padStart(width(column))))
      .join('  ')
      .trimEnd(),
  )
}

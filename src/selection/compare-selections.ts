import type { Score } from '../scoring/scorer'
import { byLength } from './by-length'
import type { Pool, PoolItem } from './pool'
import { random } from './random'
import { SelectionError } from './selection-error'
import { type Selection, select } from './selector'

/** What a set of rows is made of. */
export interface Profile {
  readonly rows: number
  /** Of the lengths, in the comparison's unit; null of no row. */
  readonly totalLength: number
  readonly meanLength: number | null
  readonly medianLength: number | null
  /** Rows of each source, the largest first; those without a source under null. */
  readonly sources: readonly { readonly source: string | null; readonly rows: number }[]
  /** Mean of the scores that are finite numbers; null if there is none. */
  readonly meanScore: number | null
  /** Rows whose score is no finite number. */
  readonly unscored: number
}

/** A set that costs nothing to choose, of as many rows as the selection beside it. */
export interface Baseline {
  readonly profile: Profile
  /** |A ∩ B| / |A ∪ B| with the selection; 1 of two empty sets. */
  readonly overlap: number
}

export interface ComparedSelection {
  readonly name: string
  readonly profile: Profile
  /** |A ∩ B| / |A ∪ B| with each selection, in their order; 1 with itself. */
  readonly overlaps: readonly number[]
  readonly random: Baseline
  readonly longest: Baseline
  /** The comparison with the baselines as a sentence for people. */
  readonly inWords: string
}

export interface Comparison {
  /** Lengths are in tokens if every row says how many it has, else in characters of its text. */
  readonly unit: 'tokens' | 'characters'
  readonly pool: Profile
  readonly selections: readonly ComparedSelection[]
  /** What to keep in mind, as a sentence for people. */
  readonly caution: string
}

/** From the abstracts of https://arxiv.org/abs/2503.01807, 2410.09335 and 2402.04833. */
const CAUTION =
  'Most ways to select do not beat random rows once there are many to choose from (arXiv 2503.01807, 2410.09335), and ' +
  'the longest rows are hard to beat (arXiv 2402.04833): before you trust one of these, train on as many random and ' +
  'on as many of the longest rows, and compare the results.'

/**
 * Compares selections of one pool with each other, and each with as many random and as many of the longest rows.
 *
 * @param selections by the name that they are shown under
 * @param options `seed` draws the random rows
 * @throws {SelectionError} if a selection keeps a row that the pool does not have, or one twice
 */
export async function compareSelections(
  pool: Pool,
  selections: ReadonlyMap<string, Pick<Selection, 'kept'>>,
  { seed }: { readonly seed: number },
): Promise<Comparison> {
  const unit = pool.items.every(({ tokens = -1 }) => tokens >= 0 && tokens < Infinity)
    ? 'tokens'
    : 'characters'
  const items = pool.items.map(item => ({
    ...item,
    tokens: unit === 'tokens' ? item.tokens! : [...item.text].length,
  }))
  const byIndex = new Map(items.map(item => [item.index, item]))
  const chosen = [...selections].map(([name, { kept }]) => ({ name, rows: rowsOf(name, kept, byIndex) }))
  const byChance = await select({ items }, random({ budget: Infinity, seed }))
  const byLengths = await select({ items }, byLength({ budget: Infinity, order: 'longest' }))
  const baseline = (rows: ReadonlySet<Sized>, { kept }: Selection): Baseline => {
    const others = rowsOf('a baseline', kept.slice(0, rows.size), byIndex)
    return { profile: profileOf(others), overlap: overlapOf(rows, others) }
  }
  const compared = chosen.map(({ name, rows }): ComparedSelection => {
    const ofRandom = baseline(rows, byChance)
    const ofLongest = baseline(rows, byLengths)
    return {
      name,
      profile: profileOf(rows),
      overlaps: chosen.map(other => overlapOf(rows, other.rows)),
      random: ofRandom,
      longest: ofLongest,
      inWords: inWords(name, rows.size, ofRandom.overlap, ofLongest.overlap),
    }
  })
  return { unit, pool: profileOf(new Set(items)), selections: compared, caution: CAUTION }
}

type Sized = PoolItem & { readonly tokens: number }

function rowsOf(name: string, kept: readonly number[], byIndex: ReadonlyMap<number, Sized>): Set<Sized> {
  const rows = new Set<Sized>()
  for (const index of kept) {
    const row = byIndex.get(index)
    if (!row)
      throw new SelectionError(`compareSelections: ${name} keeps row ${index}, which the pool does not have`)
    if (rows.has(row)) throw new SelectionError(`compareSelections: ${name} keeps row ${index} twice`)
    rows.add(row)
  }
  return rows
}

function profileOf(rows: ReadonlySet<Sized>): Profile {
  const lengths = Float64Array.from([...rows], ({ tokens }) => tokens).sort()
  const totalLength = lengths.reduce((sum, length) => sum + length, 0)
  const scores = [...rows].flatMap(({ score }) => (isFiniteScore(score) ? [score] : []))
  return {
    rows: rows.size,
    totalLength,
    meanLength: rows.size > 0 ? totalLength / rows.size : null,
    medianLength: rows.size > 0 ? median(lengths) : null,
    sources: sourcesOf(rows),
    meanScore: scores.length > 0 ? scores.reduce((sum, score) => sum + score, 0) / scores.length : null,
    unscored: rows.size - scores.length,
  }
}

const isFiniteScore = (score: Score): score is number => Number.isFinite(score)

function median(sorted: Float64Array): number {
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1]
  return (sorted[low]! + sorted[high]!) / 2
}

/** Sources by descending number of rows, equal ones by name, rows without one last of these. */
function sourcesOf(rows: Iterable<Sized>): Profile['sources'] {
  const counts = new Map<string | null, number>()
  for (const { source = null } of rows) counts.set(source, (counts.get(source) ?? 0) + 1)
  const byName = (a: string | null, b: string | null) =>
    a === null || b === null ? Number(a === null) - Number(b === null) : a < b ? -1 : 1
  return [...counts]
    .map(([source, rows]) => ({ source, rows }))
    .sort((a, b) => b.rows - a.rows || byName(a.source, b.source))
}

function overlapOf(a: ReadonlySet<Sized>, b: ReadonlySet<Sized>): number {
  let both = 0
  for (const row of a) if (b.has(row)) both++
  const either = a.size + b.size - both
  return either > 0 ? both / either : 1
}

/** Of two sets of `rows` rows with the overlap o, rows · 2o / (1 + o) are in both. */
function inWords(name: string, rows: number, withRandom: number, withLongest: number): string {
  const shared = (overlap: number) => Math.round((rows * 2 * overlap) / (1 + overlap))
  return `${name}: of ${rows} rows, as many random ones share ${shared(withRandom)}, and the longest ${shared(withLongest)}.`
}

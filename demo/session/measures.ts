import { bin, deviation, extent, mean } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import type { ScoredRow } from '../../src/index'
import type { Distribution } from '../row-protocol'

/** A number of every scored row, in the rows' order; NaN where it is missing. */
export interface Measure {
  readonly key: string
  readonly label: string
  readonly note: string
  readonly values: Float64Array
  /** Edges of the bars. */
  readonly edges: readonly number[]
  /** The bar of each row; that of a missing value does not exist. */
  readonly bars: Uint16Array
  readonly mean: number
  readonly deviation: number
}

/** Key of the measure that rows are ordered by. */
export const SCORE = 'score'

/** Each of the scorer's keys as the mean over a row's exchanges, and the score. */
export function measuresOf(scored: readonly ScoredRow[], keys: readonly string[]): Measure[] {
  const several = scored.some(({ exchanges }) => exchanges.length > 1)
  const parts = keys.map(key => {
    const values = scored.map(({ exchanges }) => mean(exchanges, ({ scores }) => numberOf(scores[key])))
    const label = key.slice(0, 1).toUpperCase() + key.slice(1)
    return measure(key, label, several ? 'mean over a row’s turns' : '', values, ranges[key] ?? null)
  })
  const scores = scored.map(({ score }) => numberOf(score))
  const label = keys.map(key => key.slice(0, 1).toUpperCase() + key.slice(1)).join(' × ')
  const isDeitas = keys.length === 2 && keys.every(key => key in ranges)
  const note = several ? 'summed over a row’s turns' : ''
  return [...parts, measure(SCORE, label, note, scores, isDeitas ? [0, 36] : null)]
}

/** What Deita's scores can be, shown also where no row comes near. */
const ranges: Readonly<Record<string, readonly [number, number]>> = { complexity: [1, 6], quality: [1, 6] }

const numberOf = (value: unknown) => (typeof value === 'number' ? value : Number.NaN)

function measure(
  key: string,
  label: string,
  note: string,
  list: readonly (number | undefined)[],
  least: readonly [number, number] | null,
): Measure {
  const values = Float64Array.from(list, value => value ?? Number.NaN)
  const [low = 0, high = 1] = extent([...(least ?? []), ...values])
  // All of one value still take a bar that has a width.
  const scale = scaleLinear().domain(low < high ? [low, high] : [low - 0.5, low + 0.5])
  const [from, to] = scale.nice().domain() as [number, number]
  const bins = bin().domain([from, to]).thresholds(scale.ticks(24))([])
  const edges = [from, ...bins.map(({ x1 }) => x1!)].filter((edge, n, all) => n === 0 || edge > all[n - 1]!)
  const bars = Uint16Array.from(values, value => barOf(edges, value))
  return {
    key,
    label,
    note,
    values,
    edges,
    bars,
    mean: mean(values) ?? Number.NaN,
    deviation: deviation(values) ?? 0,
  }
}

const NO_BAR = 0xffff

function barOf(edges: readonly number[], value: number): number {
  if (Number.isNaN(value)) return NO_BAR
  let bar = 0
  while (bar < edges.length - 2 && value >= edges[bar + 1]!) bar++
  return bar
}

/** How the measures are spread, with the rows that are kept: 1 in `kept`, which is in the rows' order. */
export function distributionsOf(measures: readonly Measure[], kept: ArrayLike<number>): Distribution[] {
  return measures.map(({ key, label, note, edges, bars, mean, deviation }) => {
    const counts = new Uint32Array(edges.length - 1)
    const ofKept = new Uint32Array(edges.length - 1)
    let missing = 0
    // Once for every answer of a slider: no iterator, no destructuring.
    for (let n = 0; n < bars.length; n++) {
      const bar = bars[n]!
      if (bar === NO_BAR) missing++
      else {
        counts[bar]!++
        if (kept[n]) ofKept[bar]!++
      }
    }
    return {
      key,
      label,
      note,
      bins: Array.from(counts, (count, n) => ({
        from: edges[n]!,
        to: edges[n + 1]!,
        count,
        kept: ofKept[n]!,
      })),
      mean,
      deviation,
      missing,
    }
  })
}

/** Why rows are left out by cuts, by index: the first measure that is too low. */
export function cutReasons(
  scored: readonly ScoredRow[],
  measures: readonly Measure[],
  cuts: Readonly<Record<string, number>>,
): Map<number, string> {
  const reasons = new Map<number, string>()
  for (const { key, label, values } of measures) {
    const cut = cuts[key]
    if (cut === undefined) continue
    // One text for all of them: a text for each row takes longer than the selection.
    const reason = `its ${label.toLowerCase()} is below your cut at ${cut}`
    for (let n = 0; n < values.length; n++) {
      if (!(values[n]! < cut)) continue
      const { index } = scored[n]!.row
      if (!reasons.has(index)) reasons.set(index, reason)
    }
  }
  return reasons
}

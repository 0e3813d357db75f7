import { bin, deviation, extent, mean } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import type { ScoredRow } from '../../src/index'
import type { Distribution } from '../protocol'

interface Value {
  readonly value: number
  readonly kept: boolean
}

/** How the scores are spread: each of the scorer's keys over exchanges, and their product over rows. */
export function distributions(
  scored: readonly ScoredRow[],
  keys: readonly string[],
  kept: ReadonlySet<number>,
): Distribution[] {
  const parts = keys.map(key => {
    const all = scored.flatMap(({ row, exchanges }) =>
      exchanges.map(({ scores }) => ({ value: scores[key], kept: kept.has(row.index) })),
    )
    const label = key.slice(0, 1).toUpperCase() + key.slice(1)
    return distribution(label, 'exchanges', all, [1, 6])
  })
  const products = scored.map(({ row, score }) => ({ value: score, kept: kept.has(row.index) }))
  return [...parts, distribution(keys.join(' × '), 'rows', products, [0, 36])]
}

function distribution(
  label: string,
  unit: string,
  all: readonly { readonly value: unknown; readonly kept: boolean }[],
  least: readonly [number, number],
): Distribution {
  const values = all.filter((item): item is Value => typeof item.value === 'number')
  const [low, high] = extent(values, ({ value }) => value)
  const scale = scaleLinear().domain([
    Math.min(least[0], low ?? least[0]),
    Math.max(least[1], high ?? least[1]),
  ])
  const [from, to] = scale.nice().domain() as [number, number]
  const bins = bin<Value, number>()
    .value(({ value }) => value)
    .domain([from, to])
    .thresholds(scale.ticks(24))(values)
  return {
    label,
    unit,
    bins: bins
      .filter(({ x0, x1 }) => x0! < x1!)
      .map(items => ({
        from: items.x0!,
        to: items.x1!,
        count: items.length,
        kept: items.filter(item => item.kept).length,
      })),
    mean: mean(values, ({ value }) => value) ?? Number.NaN,
    deviation: deviation(values, ({ value }) => value) ?? 0,
    missing: all.length - values.length,
  }
}

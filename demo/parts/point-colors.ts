import type { MapState, RowMap } from '../row-protocol'
import { decisionNames } from '../row-protocol'
import { decisionWords } from './decision-chip'
import { fixed } from './format'

export type ColoredBy = 'decision' | 'score' | 'source'

export interface LegendEntry {
  readonly label: string
  /** 0xrrggbb */
  readonly color: number
}

const decisionColors: Readonly<Record<(typeof decisionNames)[number], string>> = {
  kept: '--kept',
  similar: '--similar',
  duplicate: '--similar',
  excluded: '--accent',
  'beyond budget': '--strong-line',
  invalid: '--invalid',
  unreadable: '--invalid',
}

/** The page's colour of that name, which follows light and dark, as 0xrrggbb. */
export function pageColor(name: string): number {
  const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  // Built, #ffffff is #fff.
  const digits = value.length === 4 ? value.slice(1).replace(/./g, '$&$&') : value.slice(1)
  return Number.parseInt(digits, 16)
}

/** A colour for every point, and what the colours mean. */
export function pointColors(
  map: RowMap,
  { decisions, scores }: MapState,
  by: ColoredBy,
): { readonly colors: Uint32Array; readonly legend: readonly LegendEntry[] } {
  if (by === 'score') return scoreColors(scores)
  if (by === 'source') {
    const palette = map.groupNames.map((_, n) => pageColor(`--group-${n}`))
    return {
      colors: Uint32Array.from(map.groups, group => palette[group]!),
      legend: map.groupNames.map((label, n) => ({ label, color: palette[n]! })),
    }
  }
  const palette = decisionNames.map(name => pageColor(decisionColors[name]))
  const present = new Set(decisions)
  return {
    colors: Uint32Array.from(decisions, decision => palette[decision]!),
    legend: decisionNames.flatMap((name, n) =>
      present.has(n) ? [{ label: decisionWords[name], color: palette[n]! }] : [],
    ),
  }
}

function scoreColors(scores: Float32Array) {
  const [weak, strong] = [pageColor('--score-low'), pageColor('--score-high')]
  let [low, high] = [Infinity, -Infinity]
  for (const score of scores) {
    if (score < low) low = score
    if (score > high) high = score
  }
  const missing = pageColor('--invalid')
  const colors = Uint32Array.from(scores, score =>
    Number.isNaN(score) ? missing : between(weak, strong, (score - low) / (high - low || 1)),
  )
  const legend = [
    { label: `score ${fixed(low, 1)}`, color: weak },
    { label: fixed((low + high) / 2, 1), color: between(weak, strong, 0.5) },
    { label: fixed(high, 1), color: strong },
  ]
  return { colors, legend }
}

function between(a: number, b: number, share: number): number {
  const part = (shift: number) => {
    const [x, y] = [(a >> shift) & 255, (b >> shift) & 255]
    return Math.round(x + share * (y - x)) << shift
  }
  return part(16) | part(8) | part(0)
}

/** Numbers of a training step by their names; anything else in it is passed over. */
export type StepRecord = Readonly<Record<string, unknown>>

export interface ChartPoint {
  readonly step: number
  readonly value: number
}

export interface ChartSeries {
  readonly label: string
  readonly points: readonly ChartPoint[]
}

export interface Chart {
  readonly title: string
  readonly unit: string
  readonly series: readonly ChartSeries[]
  /** Values that the vertical axis always shows. */
  readonly include: readonly number[]
}

interface Known {
  readonly title: string
  readonly unit?: string
  /** Name of the metric and what its line is called. */
  readonly lines: readonly (readonly [key: string, label: string])[]
  readonly include?: readonly number[]
}

const sides = (group: string): Known['lines'] => [
  [`${group}/chosen`, 'chosen'],
  [`${group}/rejected`, 'rejected'],
  [`eval_${group}/chosen`, 'chosen, held out'],
  [`eval_${group}/rejected`, 'rejected, held out'],
]
const both = (key: string): Known['lines'] => [
  [key, 'training'],
  [`eval_${key}`, 'held out'],
]

/** TRL's metrics, those that belong together in one chart. */
const known: readonly Known[] = [
  { title: 'Loss', lines: both('loss') },
  { title: 'Reward margin', lines: both('rewards/margins'), include: [0] },
  { title: 'Reward accuracy', lines: both('rewards/accuracies'), include: [0, 1] },
  { title: 'Rewards', lines: sides('rewards'), include: [0] },
  { title: 'Log-probability of answers', unit: 'nats', lines: sides('logps') },
  { title: 'Length of answers', unit: 'tokens', lines: sides('lengths'), include: [0] },
  { title: 'Token accuracy', lines: both('mean_token_accuracy'), include: [0, 1] },
  { title: 'Entropy', unit: 'nats', lines: both('entropy') },
  { title: 'Gradient norm', lines: [['grad_norm', 'before clipping']], include: [0] },
  { title: 'Learning rate', lines: [['learning_rate', 'learning rate']], include: [0] },
  { title: 'Tokens per second', lines: [['tokens_per_second', 'tokens per second']], include: [0] },
  { title: 'KL divergence', unit: 'nats', lines: both('kl'), include: [0] },
  { title: 'Mean logit', lines: sides('logits') },
]

/** What counts steps and is no measure. */
const counters: ReadonlySet<string> = new Set([
  'step',
  'totalSteps',
  'epoch',
  'num_tokens',
  'seconds',
  'time',
])

/**
 * The charts of some records: what is in them. A record's `step` is its place on the axis, or its own place from 1 on.
 * A number that no known chart has gets one of its own, after the others.
 */
export function chartsOf(records: readonly StepRecord[]): Chart[] {
  const series = new Map<string, ChartPoint[]>()
  for (const [n, record] of records.entries()) {
    const step = typeof record.step === 'number' && Number.isFinite(record.step) ? record.step : n + 1
    for (const [key, value] of Object.entries(record)) {
      if (counters.has(key) || typeof value !== 'number' || !Number.isFinite(value)) continue
      const points = series.get(key) ?? []
      series.set(key, points)
      points.push({ step, value })
    }
  }
  const taken = new Set(known.flatMap(({ lines }) => lines.map(([key]) => key)))
  const own: Known[] = [...series.keys()]
    .filter(key => !taken.has(key))
    .map(key => ({ title: key, lines: [[key, key]] }))
  return [...known, ...own].flatMap(({ title, unit = '', lines, include = [] }) => {
    const drawn = lines.flatMap(([key, label]) => {
      const points = series.get(key)
      return points ? [{ label, points: points.toSorted((a, b) => a.step - b.step) }] : []
    })
    return drawn.length === 0 ? [] : [{ title, unit, series: drawn, include }]
  })
}

/**
 * At most about `most` points of a line that looks the same: of each stretch of steps the first, the lowest, the highest
 * and the last one, so that no spike is lost.
 */
export function thinned(points: readonly ChartPoint[], most = 400): readonly ChartPoint[] {
  if (points.length <= most) return points
  const size = Math.ceil(points.length / (most / 4))
  const kept: ChartPoint[] = []
  for (let begin = 0; begin < points.length; begin += size) {
    const stretch = points.slice(begin, begin + size)
    const extreme = (sign: number) =>
      stretch.reduce((best, point) => (sign * point.value > sign * best.value ? point : best))
    const chosen = new Set([stretch[0]!, extreme(-1), extreme(1), stretch.at(-1)!])
    kept.push(...stretch.filter(point => chosen.has(point)))
  }
  return kept
}

/** At most `most` steps of those that a chart has, evenly spread, the first and the last among them. */
export function tableSteps({ series }: Chart, most = 25): number[] {
  const steps = [...new Set(series.flatMap(({ points }) => points.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  )
  if (steps.length <= most) return steps
  return Array.from({ length: most }, (_, i) => steps[Math.round((i * (steps.length - 1)) / (most - 1))]!)
}

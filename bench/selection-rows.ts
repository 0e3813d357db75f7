import { randomNumbers } from './harness/random-numbers'

/** Vectors and scores to select from. */
export interface Rows {
  readonly count: number
  readonly dimensions: number
  /** [count, dimensions], one row after the other; of unit length but for f32 rounding. */
  readonly values: Float32Array
  readonly scores: Float64Array
}

export interface RowsOptions {
  readonly count: number
  readonly dimensions: number
  /** No two rows of a family have a cosine closer to this than `GAP`. */
  readonly threshold: number
  readonly seed: number
}

/** Twice what `reference` asks for, so that rounding to f32 does not matter. */
const GAP = 2e-4
/** Of all rows; the others repeat one of them, more or less. */
const LEADERS = 0.4
const COPIES = 0.05
const ROWS_PER_TOPIC = 200
const SCORE_DEVIATION = 1.5

/**
 * Rows as a pool of instructions may have them, the same for the same options:
 *
 * - Variance falls with the coordinate's number d as 1 / (d + 16), as in the principal components of text
 *   embeddings, so that unrelated rows have cosines of about ±0.08 at 384 dimensions; a fixed rotation then hides
 *   which coordinates are which.
 * - A *leader* is part its topic (one of a topic for every 200 rows) and part its own: leaders of a topic have cosines of
 *   about 0.2 to 0.7.
 * - Six rows in ten are *variants* of a leader: cosine with it uniform in [0.75, 1), or an exact copy (one in twenty).
 *   Leaders are drawn unevenly: most have none or a few variants, some have hundreds.
 * - A leader's score is uniform in [1, 36), the range of Deita's for one exchange; that of a variant is the leader's
 *   and a normal deviation of 1.5, because a scorer gives similar texts similar scores.
 */
export function selectionRows({ count, dimensions, threshold, seed }: RowsOptions): Rows {
  const random = randomNumbers(seed)
  const rotate = rotation(dimensions, random.uniform)
  const spread = Float64Array.from({ length: dimensions }, (_, d) => 1 / Math.sqrt(d + 16))
  const direction = (): Float64Array => unit(spread.map(deviation => deviation * random.normal()))

  const topics = Array.from({ length: Math.ceil(count / ROWS_PER_TOPIC) }, direction)
  const leaders = Math.ceil(count * LEADERS)
  const families: { score: number; members: Float64Array[] }[] = []
  const values = new Float32Array(count * dimensions)
  // Rows of a family must not lie side by side: a file's order says as little as its scores.
  const place = random.permutation(count)
  const scores = new Float64Array(count)
  const put = (i: number, row: Float64Array, score: number) => {
    values.set(rotate(row), place[i]! * dimensions)
    scores[place[i]!] = score
  }

  for (let i = 0; i < leaders; i++) {
    const topic = topics[Math.floor(random.uniform() * topics.length)]!
    const leader = blend(topic, direction(), 0.4 + 0.45 * random.uniform())
    families.push({ score: 1 + 35 * random.uniform(), members: [leader] })
    put(i, leader, families[i]!.score)
  }
  for (let i = leaders; i < count; i++) {
    const { score, members } = families[Math.floor(leaders * random.uniform() ** 2)]!
    const leader = members[0]!
    const own = score + SCORE_DEVIATION * random.normal()
    if (random.uniform() < COPIES) {
      put(i, leader, own)
      continue
    }
    let variant: Float64Array
    do variant = blend(leader, direction(), 0.75 + 0.25 * random.uniform())
    while (members.some(member => Math.abs(dot(member, variant) - threshold) < GAP))
    members.push(variant)
    put(i, variant, own)
  }
  return { count, dimensions, values, scores }
}

/** A unit vector whose cosine with `x` is `cosine`, on the side of `y`; both have unit length. */
function blend(x: Float64Array, y: Float64Array, cosine: number): Float64Array {
  const along = dot(x, y)
  const across = unit(y.map((value, i) => value - along * x[i]!))
  const sine = Math.sqrt(1 - cosine * cosine)
  return across.map((value, i) => cosine * x[i]! + sine * value)
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

function unit(x: Float64Array): Float64Array {
  const length = Math.sqrt(dot(x, x))
  return x.map(value => value / length)
}

/** A random orthogonal map: twelve rounds in which random pairs of coordinates turn by random angles. */
function rotation(dimensions: number, uniform: () => number): (x: Float64Array) => Float64Array {
  const turns: { i: number; j: number; cos: number; sin: number }[] = []
  for (let round = 0; round < 12; round++) {
    for (let n = 0; n < dimensions / 2; n++) {
      const i = Math.floor(uniform() * dimensions)
      const j = Math.floor(uniform() * dimensions)
      const angle = 2 * Math.PI * uniform()
      if (i !== j) turns.push({ i, j, cos: Math.cos(angle), sin: Math.sin(angle) })
    }
  }
  return x => {
    const y = x.slice()
    for (const { i, j, cos, sin } of turns) {
      const [a, b] = [y[i]!, y[j]!]
      y[i] = cos * a - sin * b
      y[j] = sin * a + cos * b
    }
    return y
  }
}

import { type RandomNumbers, randomNumbers } from './harness/random-numbers'

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
  /** About the cosine of unrelated rows, 0 to 0.4; above, unrelated rows come close to a threshold of 0.9. */
  readonly common?: number
  readonly seed: number
}

/** Twice what the reference asks for, so that rounding to f32 does not matter. */
const GAP = 2e-4
/** Share of all rows; the others repeat one of them, more or less. */
const LEADERS = 0.4
const COPIES = 0.05
const ROWS_PER_TOPIC = 200
const SCORE_DEVIATION = 1.5

/**
 * Rows as a pool of instructions may have them, the same for the same options:
 *
 * - Variance falls with the number d of the coordinate as 1 / (d + 16), as in principal components of text
 *   embeddings: unrelated rows have cosines of about ±0.08 at 384 dimensions. A fixed rotation then hides
 *   which coordinates are which.
 * - A *leader* is part its topic (there is one for every 200 rows) and part its own: leaders of a topic have
 *   cosines of about 0.2 to 0.7.
 * - Six rows in ten are *variants* of a leader: cosine with it uniform in [0.75, 1), or an exact copy (one in
 *   twenty). Leaders are drawn unevenly: most have none or a few variants, some have hundreds.
 * - A leader's score is uniform in [1, 36), the range of Deita's for one exchange; that of a variant is the
 *   leader's and a normal deviation of 1.5, because a scorer gives similar texts similar scores.
 * - With `common`, topics and leaders share a direction, as last hidden states do.
 *
 * Besides the rows themselves little memory is needed.
 */
export function selectionRows({ count, dimensions, threshold, common = 0, seed }: RowsOptions): Rows {
  const random = randomNumbers(seed)
  const rotate = rotation(dimensions, random)
  const deviations = Float64Array.from({ length: dimensions }, (_, d) => 1 / Math.sqrt(d + 16))
  const direction = () => unit(rotate(deviations.map(deviation => deviation * random.normal())))
  const shared = direction()
  const tilted = () => (common > 0 ? blend(shared, direction(), Math.sqrt(common)) : direction())

  const topics = Array.from({ length: Math.ceil(count / ROWS_PER_TOPIC) }, tilted)
  const leaders = Math.ceil(count * LEADERS)
  /** The rows of each family, its leader first. */
  const families: number[][] = []
  const values = new Float32Array(count * dimensions)
  const scores = new Float64Array(count)
  const row = (i: number) => values.subarray(i * dimensions, (i + 1) * dimensions)
  // Rows of a family do not lie side by side: a file's order says nothing.
  const places = random.permutation(count)

  for (const place of places.subarray(0, leaders)) {
    const topic = topics[Math.floor(random.uniform() * topics.length)]!
    row(place).set(blend(topic, tilted(), 0.4 + 0.45 * random.uniform()))
    scores[place] = 1 + 35 * random.uniform()
    families.push([place])
  }
  for (const place of places.subarray(leaders)) {
    const family = families[Math.floor(leaders * random.uniform() ** 2)]!
    const leader = family[0]!
    scores[place] = scores[leader]! + SCORE_DEVIATION * random.normal()
    if (random.uniform() < COPIES) {
      row(place).set(row(leader))
      continue
    }
    let variant: Float64Array
    do variant = blend(row(leader), direction(), 0.75 + 0.25 * random.uniform())
    while (family.some(member => Math.abs(dot(row(member), variant) - threshold) < GAP))
    row(place).set(variant)
    family.push(place)
  }
  return { count, dimensions, values, scores }
}

type Vector = Float32Array | Float64Array

/** A unit vector whose cosine with `x` is `cosine`, on the side of `y`; both have unit length. */
function blend(x: Vector, y: Float64Array, cosine: number): Float64Array {
  const along = dot(x, y)
  const across = unit(y.map((value, i) => value - along * x[i]!))
  const sine = Math.sqrt(1 - cosine * cosine)
  return across.map((value, i) => cosine * x[i]! + sine * value)
}

function dot(x: Vector, y: Vector): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

function unit(x: Float64Array): Float64Array {
  const length = Math.sqrt(dot(x, x))
  return x.map(value => value / length)
}

/** Turns a vector in place, six random planes of two coordinates for each coordinate, by random angles. */
function rotation(dimensions: number, { uniform }: RandomNumbers): (x: Float64Array) => Float64Array {
  const turns = Array.from({ length: 6 * dimensions }, () => {
    const angle = 2 * Math.PI * uniform()
    const i = Math.floor(uniform() * dimensions)
    const j = (i + 1 + Math.floor(uniform() * (dimensions - 1))) % dimensions
    return { i, j, cos: Math.cos(angle), sin: Math.sin(angle) }
  })
  return x => {
    for (const { i, j, cos, sin } of turns) {
      const a = x[i]!
      const b = x[j]!
      x[i] = cos * a - sin * b
      x[j] = sin * a + cos * b
    }
    return x
  }
}

import type { Arrays, Contender } from './contender'
import { type RandomNumbers, randomNumbers } from './random-numbers'
import { type Expect, remembered, sampledError } from './reference'

/** What contenders compute, and how it is known to be right. */
export interface Case {
  readonly title: string
  /** Multiplications and additions; 0 where bytes are what counts. */
  readonly flops: number
  /** Bytes that must be read or written at least. */
  readonly bytes: number
  inputs(random: RandomNumbers): Arrays
  /** What entries of each result must be, by sums in double precision. */
  expected(inputs: Arrays): Readonly<Record<string, Expect>>
  /** Entries of a result that are compared. Default: 128. */
  readonly samples?: number
}

export interface ContestOptions {
  /** Rounds that are timed, each with other inputs. */
  readonly rounds: number
  /** Milliseconds that a measurement takes at least: the case is repeated within it. */
  readonly minimum: number
  readonly seed: number
}

export interface Measured {
  readonly name: string
  readonly version: string
  readonly how: string
  /** Of one computation, a value a round. */
  readonly milliseconds: readonly number[]
  /** Computations in a measurement. */
  readonly batch: number
  /** Of all rounds, in units of what is allowed. */
  readonly error: number
}

/** Most computations in a measurement. */
const MOST = 4096

async function timed(contender: Contender, times: number): Promise<number> {
  const start = performance.now()
  await contender.run(times)
  return performance.now() - start
}

/** How many computations take `minimum` milliseconds, after those that compile. */
async function batchOf(contender: Contender, minimum: number): Promise<number> {
  await contender.run(1)
  let batch = 1
  for (;;) {
    let time = await timed(contender, batch)
    // What else the machine does may have made it long.
    if (time < 10 * minimum) time = Math.min(time, await timed(contender, batch))
    if (time >= minimum || batch === MOST) return batch
    batch = Math.min(MOST, Math.ceil(batch * Math.min(8, (1.25 * minimum) / Math.max(time, 0.1))))
  }
}

type Checks = readonly (readonly [name: string, expect: Expect])[]

/** The same entries of all contenders' results are compared, so each is computed once. */
const checksOf = (test: Case, inputs: Arrays): Checks =>
  Object.entries(test.expected(inputs)).map(([name, expect]) => [name, remembered(expect)] as const)

/** The largest error of what a contender computed last, in units of what is allowed. */
async function errorOf(test: Case, contender: Contender, checks: Checks, seed: number): Promise<number> {
  const outputs = await contender.read()
  const errors = checks.map(([name, expect]) => {
    const values = outputs[name]
    if (!values) throw new Error(`${test.title}: ${contender.name} gives no ${name}`)
    return sampledError(values, randomNumbers(seed), expect, test.samples)
  })
  return Math.max(...errors)
}

/**
 * The contender of several ways of one peer that is fastest; the others are closed. Null if none of them runs and is
 * right.
 *
 * @param failed is told which way that is not, and why
 */
export async function fastest(
  test: Case,
  ways: readonly Contender[],
  { minimum, seed }: ContestOptions,
  failed: (contender: Contender, error: unknown) => void,
): Promise<Contender | null> {
  const inputs = test.inputs(randomNumbers(seed))
  const checks = checksOf(test, inputs)
  let best: Contender | null = null
  let least = Number.POSITIVE_INFINITY
  for (const contender of ways) {
    try {
      await contender.load(inputs)
      const batch = ways.length > 1 ? await batchOf(contender, minimum) : 1
      if (batch === 1) await contender.run(1)
      const error = (await errorOf(test, contender, checks, -seed)) / (contender.slack ?? 1)
      if (error > 1) throw new Error(`its result is wrong: ${error.toFixed(0)} times what is allowed`)
      const times = [await timed(contender, batch), await timed(contender, batch)]
      const time = Math.min(...times) / batch
      if (time >= least) {
        await contender.close()
        continue
      }
      await best?.close()
      best = contender
      least = time
    } catch (error) {
      failed(contender, error)
      await contender.close()
    }
  }
  return best
}

/**
 * Times contenders in turn, round by round, so that what else the machine does meets all alike. Each round has inputs
 * of its own, and what every contender made of them is checked.
 */
export async function contest(
  test: Case,
  contenders: readonly Contender[],
  { rounds, minimum, seed }: ContestOptions,
  progress: (text: string) => void,
): Promise<readonly Measured[]> {
  const batches: number[] = []
  const first = test.inputs(randomNumbers(seed))
  for (const contender of contenders) {
    progress(`${test.title}: ${contender.name} warms up`)
    await contender.load(first)
    batches.push(await batchOf(contender, minimum))
  }
  const times: number[][] = contenders.map(() => [])
  const errors: number[] = contenders.map(() => 0)
  for (let round = 1; round <= rounds; round++) {
    progress(`${test.title}: round ${round} of ${rounds}`)
    const inputs = test.inputs(randomNumbers(seed + round))
    const checks = checksOf(test, inputs)
    for (let i = 0; i < contenders.length; i++) {
      // Another begins each round.
      const at = (i + round) % contenders.length
      const contender = contenders[at]!
      await contender.load(inputs)
      const time = await timed(contender, batches[at]!)
      times[at]!.push(time / batches[at]!)
      errors[at] = Math.max(errors[at]!, await errorOf(test, contender, checks, -seed - round))
    }
  }
  return contenders.map(({ name, version, how, slack = 1 }, i) => ({
    name,
    version,
    how,
    milliseconds: times[i]!,
    batch: batches[i]!,
    error: errors[i]! / slack,
  }))
}

import type { Gpu } from '../../src/gpu/gpu'
import type { AnswerTokens, Loss, LossTerm } from '../../src/losses/loss'
import { sequenceStatistics } from '../../src/ops/sequence-statistics'

/** One sequence: log-probs of its answer's tokens, and what else a loss may look at. */
export interface Sequence {
  readonly policy: readonly number[]
  readonly reference: readonly number[]
  /** Log-probs of the prompt's tokens. */
  readonly prompt?: readonly number[]
  /** log Σ p² of the answer's tokens. */
  readonly squares?: readonly number[]
}

export interface Examples {
  /** Of pairs, chosen and rejected in turn. */
  readonly sequences: readonly Sequence[]
  readonly labels?: readonly number[]
  readonly kl?: number
  readonly state?: readonly number[]
  readonly seed?: number
  readonly epoch?: number
}

export interface LossResult {
  /** Of each term, by example. */
  readonly values: readonly Float32Array[]
  /** The weighted sum of the terms' means. */
  readonly loss: number
  /** By each sequence's log-probs, the prompt's before the answer's. */
  readonly gradient: readonly (readonly number[])[]
  /** [S, 8] over the tokens that the first term counts. */
  readonly statistics: Float32Array
  /** Of each term, after the step. */
  readonly states: readonly (Float32Array | null)[]
}

const promptOf = ({ prompt = [] }: Sequence) => prompt

/** Computes a loss over examples as training does: its terms one after another, into one gradient. */
export async function runLoss(gpu: Gpu, loss: Loss, examples: Examples): Promise<LossResult> {
  const { sequences } = examples
  const S = sequences.length
  const stride = loss.kind === 'pairs' ? 2 : 1
  const N = S / stride
  const ends = sequences.map(
    (
      (end = 0) =>
      s =>
        (end += promptOf(s).length + s.policy.length)
    )(),
  )
  const spans = ends.flatMap((end, s) => [ends[s - 1] ?? 0, end])
  const R = ends.at(-1)!
  const rows = (of: (s: Sequence) => readonly number[]) => Float32Array.from(sequences.flatMap(s => of(s)))
  const blank = (s: Sequence) => promptOf(s).map(() => 0)
  using policy = gpu.tensor(
    [R],
    rows(s => [...promptOf(s), ...s.policy]),
  )
  using reference = gpu.tensor(
    [R],
    rows(s => [...blank(s), ...s.reference]),
  )
  using tokens = gpu.tensor(
    [R, 4],
    rows(s => [...blank(s), ...(s.squares ?? s.policy)].flatMap(square => [0, square, 0, 0])),
  )
  using span = gpu.tensor([S, 2], Uint32Array.from(spans))
  using labels = examples.labels ? gpu.tensor([N], Float32Array.from(examples.labels)) : null
  using kl = examples.kl === undefined ? null : gpu.tensor([1], Float32Array.of(examples.kl))
  using gradient = gpu.zeros([R])
  using statistics = gpu.empty([S, 8])
  const values: Float32Array[] = []
  const states: (Float32Array | null)[] = []
  let total = 0
  for (const [k, term] of loss.terms.entries()) {
    const { factors, lengths, counted } = weigh(term, examples, stride)
    const count = term.mean === 'tokens' ? counted : N
    using weights = gpu.tensor([R, 2], factors)
    using length = gpu.tensor([S], lengths)
    using scale = gpu.tensor([1], Float32Array.of(term.weight / count))
    using written = gpu.empty([N])
    const started = term.state && (examples.state ?? term.state)
    using state = started && gpu.tensor([started.length], Float32Array.from(started))
    if (k === 0)
      gpu.run(sequenceStatistics, { policy, reference, weights, spans: span, tokens, statistics }, {})
    const inputs = { policy, reference, weights, spans: span, lengths: length, scale, statistics }
    term.run(gpu, { ...inputs, labels, kl, state, values: written, gradient })
    const got = await gpu.read(written)
    values.push(got)
    total += (term.weight / count) * got.reduce((a, b) => a + b, 0)
    states.push(state && (await gpu.read(state)))
  }
  const all = await gpu.read(gradient)
  return {
    values,
    loss: total,
    gradient: ends.map((end, s) => Array.from(all.subarray(ends[s - 1] ?? 0, end))),
    statistics: await gpu.read(statistics),
    states,
  }
}

/** What a term counts of each row, [R, 2], what it divides by, [S], and how many tokens of first sequences count. */
function weigh({ tokens, sides, prompt }: LossTerm, examples: Examples, stride: number) {
  const { sequences, seed = 0, epoch = 0 } = examples
  const chosenOnly = stride === 2 && sides === 'chosen'
  const factors: number[] = []
  const lengths: number[] = []
  let counted = 0
  for (let example = 0; example < sequences.length / stride; example++) {
    const [first, second = first] = sequences.slice(example * stride, (example + 1) * stride)
    const key = { seed, epoch, example }
    const { chosen, rejected } = tokens.weigh(first!.policy.length, second!.policy.length, key)
    const sided: [Sequence, AnswerTokens][] = [[first!, chosen]]
    if (stride === 2) sided.push([second!, rejected])
    for (const [n, [sequence, answer]] of sided.entries()) {
      const zero = n === 1 && chosenOnly
      for (const _ of promptOf(sequence)) factors.push(prompt && !zero ? 1 : 0, 0)
      answer.policy.forEach((factor, t) => {
        factors.push(zero ? 0 : factor, zero ? 0 : answer.reference[t]!)
      })
      lengths.push(answer.length)
      if (n === 0) counted += answer.policy.length + (prompt ? promptOf(sequence).length : 0)
    }
  }
  return { factors: Float32Array.from(factors), lengths: Float32Array.from(lengths), counted }
}

import type { Loss, PairLoss } from '../losses/loss'
import type { BatchResult, SequenceStatistics, StepResult } from './training-stepper'

/** Numbers under the names that TRL logs. Log-probs, log-ratios and entropies in nats. */
export type Metrics = Readonly<Record<string, number>>

/**
 * What a step's results say, under TRL's names. Rewards are β times log-ratios, `logps/*` means of sequences' summed
 * log-probs, over the tokens that the loss's first term counts, weighted as it weighs them.
 */
export function metricsOf(loss: Loss, result: StepResult): Metrics {
  const total = result.terms.reduce((a, b) => a + b, 0)
  const named = loss.terms.length > 1 ? termMetrics(loss, result) : {}
  const own =
    loss.kind === 'pairs'
      ? pairMetrics(loss, result.batches)
      : loss.kind === 'sequences'
        ? tokenMetrics(result.batches.flatMap(({ sequences }) => sequences))
        : labelledMetrics(loss.beta, result)
  return { loss: total, ...own, ...named }
}

/** Each term's mean before its weight, under `loss/` and its name; TRL's name for the likelihood of the chosen answer. */
function termMetrics({ terms }: Loss, result: StepResult): Metrics {
  return Object.fromEntries(
    terms.map(({ name, weight }, k) => [
      name === 'nll' ? 'nll_loss' : `loss/${name}`,
      weight === 0 ? 0 : result.terms[k]! / weight,
    ]),
  )
}

function pairMetrics(loss: PairLoss, batches: readonly BatchResult[]): Metrics {
  const sequences = batches.flatMap(({ batch, sequences }) =>
    sequences.map((statistics, s) => ({ ...statistics, length: batch.reported.lengths[s]! })),
  )
  const side = (n: 0 | 1) => sequences.filter((_, s) => s % 2 === n)
  const [chosen, rejected] = [side(0), side(1)]
  // As the loss divides: weighted tokens may be another number than those that count.
  const per = ({ length }: { readonly length: number }) => (loss.averaged ? length : 1)
  const rewards = (sides: typeof sequences) => sides.map(x => (loss.beta * x.ratio) / per(x))
  const [won, lost] = [rewards(chosen), rewards(rejected)]
  return {
    'rewards/chosen': mean(won),
    'rewards/rejected': mean(lost),
    'rewards/accuracies': mean(won.map((reward, n) => (reward > lost[n]! ? 1 : 0))),
    'rewards/margins': mean(won.map((reward, n) => reward - lost[n]!)),
    'logps/chosen': mean(chosen.map(x => x.logp / per(x))),
    'logps/rejected': mean(rejected.map(x => x.logp / per(x))),
    'logits/chosen': ratio(chosen, x => x.meanLogit),
    'logits/rejected': ratio(rejected, x => x.meanLogit),
    'lengths/chosen': mean(chosen.map(x => x.tokens)),
    'lengths/rejected': mean(rejected.map(x => x.tokens)),
    entropy: ratio(sequences, x => x.entropy),
    mean_token_accuracy: ratio(chosen, x => x.hits),
    ...loss.report?.(chosen, rejected),
  }
}

function labelledMetrics(beta: number, { batches, kl }: StepResult): Metrics {
  const labelled = batches.flatMap(({ batch, sequences }) =>
    sequences.map((statistics, n) => ({ statistics, desirable: batch.labels![n] === 1 })),
  )
  const side = (desirable: boolean) =>
    labelled.filter(example => example.desirable === desirable).map(({ statistics }) => statistics)
  const of = (name: string, sides: readonly SequenceStatistics[]): Metrics =>
    sides.length === 0
      ? {}
      : {
          [`rewards/${name}`]: beta * mean(sides.map(x => x.ratio)),
          [`logps/${name}`]: mean(sides.map(x => x.logp)),
          [`logits/${name}`]: ratio(sides, x => x.meanLogit),
        }
  const [chosen, rejected] = [of('chosen', side(true)), of('rejected', side(false))]
  const margin = chosen['rewards/chosen']! - rejected['rewards/rejected']!
  return {
    ...chosen,
    ...rejected,
    ...(Number.isNaN(margin) ? {} : { 'rewards/margins': margin }),
    entropy: ratio(
      labelled.map(({ statistics }) => statistics),
      x => x.entropy,
    ),
    ...(kl === null ? {} : { kl: Math.max(0, kl) }),
  }
}

const tokenMetrics = (sequences: readonly SequenceStatistics[]): Metrics => ({
  entropy: ratio(sequences, x => x.entropy),
  mean_token_accuracy: ratio(sequences, x => x.hits),
})

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Sum of a value over the sequences, by all of their tokens. */
function ratio(sequences: readonly SequenceStatistics[], value: (x: SequenceStatistics) => number): number {
  const tokens = sequences.reduce((sum, x) => sum + x.tokens, 0)
  return tokens === 0 ? 0 : sequences.reduce((sum, x) => sum + value(x), 0) / tokens
}

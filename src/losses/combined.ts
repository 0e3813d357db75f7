import { type LabelledLoss, type Loss, LossError, type PairLoss, type SequenceLoss } from './loss'

type Weighted<L extends Loss> = readonly (readonly [loss: L, weight: number])[]

/**
 * A weighted sum of losses of one kind: all their terms, each with its factor. β, and what else metrics depend on, are
 * those of the first. `loss_type` and `loss_weights` in TRL.
 *
 * @throws {LossError} for an empty list, losses over different examples, or a weight that is not finite
 */
export function combined(losses: Weighted<PairLoss>): PairLoss
export function combined(losses: Weighted<SequenceLoss>): SequenceLoss
export function combined(losses: Weighted<LabelledLoss>): LabelledLoss
export function combined(losses: Weighted<Loss>): Loss {
  const [first] = losses
  if (!first) throw new LossError('combined: the list is empty; name a loss and its weight')
  for (const [loss, weight] of losses) {
    if (!Number.isFinite(weight)) {
      throw new LossError(`combined: the weight of ${loss.name} is ${weight}, expected a number`)
    }
    if (loss.kind !== first[0].kind) {
      const kinds = `${first[0].name} learns from ${first[0].kind}, ${loss.name} from ${loss.kind}`
      throw new LossError(
        `combined: ${kinds}. To learn from chosen answers of pairs as well, add chosenSft()`,
      )
    }
  }
  const name = losses
    .map(([loss, weight]) => (weight === 1 ? loss.name : `${weight} ${loss.name}`))
    .join(' + ')
  const terms = losses.flatMap(([loss, weight]) =>
    loss.terms.map(term => ({ ...term, weight: term.weight * weight })),
  )
  const kl = losses.some(([loss]) => loss.kind === 'labelled' && loss.kl)
  const sum = { ...first[0], name, terms }
  return sum.kind === 'labelled' ? { ...sum, kl } : sum
}

import { allTokens } from './all-tokens'
import { chosenSft } from './chosen-sft'
import { combined } from './combined'
import { sigmoidTerm } from './dpo'
import { hingeKernels } from './hinge'
import { ipoKernels } from './ipo'
import { LossError, type LossTerm, type PairLoss } from './loss'
import { check, type PairLossOptions, readOptions, type SmoothedOptions, smoothing } from './options'
import { pairTerm } from './pair-term'
import { simpo } from './simpo'
import { withoutReference } from './without-reference'

export interface CpoOptions extends PairLossOptions, SmoothedOptions {
  /** What is made of the margin: `loss_type` of TRL's CPO trainer. */
  readonly kind?: 'sigmoid' | 'hinge' | 'ipo' | 'simpo'
  /** Weight of the chosen answers' negative log-likelihood. */
  readonly alpha?: number
  /** Only of `simpo`: the margin that is aimed at. */
  readonly gamma?: number
}

/**
 * Contrastive preference optimization: DPO without a reference model, −log σ(β·(log-prob of the chosen answer − of the
 * rejected one)), and α times the chosen answer's mean negative log-likelihood. `hinge`, `ipo` and `simpo` put another
 * loss in the first one's place, the last two over mean log-probs. https://arxiv.org/abs/2401.08417; TRL's CPO.
 *
 * @throws {LossError} if an option is out of its range, or is none of the kind's
 */
export function cpo(options: CpoOptions = {}): PairLoss {
  const { kind, alpha, ...read } = readOptions<Required<CpoOptions>>('cpo', options, {
    beta: 0.1,
    tokens: allTokens,
    kind: 'sigmoid',
    alpha: 1,
    gamma: 0.5,
    labelSmoothing: 0,
  })
  check('cpo', 'alpha', alpha, alpha >= 0, '0 or more')
  if (options.gamma !== undefined && kind !== 'simpo') {
    throw new LossError(`cpo: ${kind} has no gamma; only simpo aims at a margin`)
  }
  if (read.labelSmoothing !== 0 && (kind === 'hinge' || kind === 'ipo')) {
    throw new LossError(`cpo: ${kind} has no labelSmoothing; sigmoid and simpo do`)
  }
  const preference = kind === 'simpo' ? simpo(read) : overSums(kind, read)
  const parts =
    alpha > 0
      ? combined([
          [preference, 1],
          [chosenSft(), alpha],
        ])
      : preference
  return { ...parts, name: 'cpo' }
}

function overSums(
  kind: Exclude<CpoOptions['kind'], 'simpo' | undefined>,
  { beta, tokens, labelSmoothing }: Required<Pick<CpoOptions, 'beta' | 'tokens' | 'labelSmoothing'>>,
): PairLoss {
  const alone = { tokens: withoutReference(tokens), usesReference: false }
  const params = { beta, power: 0 }
  const terms: Record<typeof kind, () => LossTerm> = {
    sigmoid: () => sigmoidTerm('sigmoid', { beta, ...smoothing('cpo', labelSmoothing), ...alone }),
    hinge: () => pairTerm({ name: 'hinge', kernel: hingeKernels.power, params, ...alone }),
    ipo: () => pairTerm({ name: 'ipo', kernel: ipoKernels.power, params, ...alone }),
  }
  check('cpo', 'kind', kind, kind in terms, 'sigmoid, hinge, ipo or simpo')
  return { kind: 'pairs', name: 'cpo', beta, terms: [terms[kind]()], averaged: kind === 'ipo' }
}

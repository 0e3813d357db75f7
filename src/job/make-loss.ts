import { allTokens } from '../losses/all-tokens'
import { aot } from '../losses/aot'
import { aotUnpaired } from '../losses/aot-unpaired'
import { apoDown } from '../losses/apo-down'
import { apoZero } from '../losses/apo-zero'
import { apoZeroUnpaired } from '../losses/apo-zero-unpaired'
import { averaged } from '../losses/averaged'
import { bcoPair } from '../losses/bco-pair'
import { cdpo } from '../losses/cdpo'
import { chosenSft } from '../losses/chosen-sft'
import { combined } from '../losses/combined'
import { cpo } from '../losses/cpo'
import { dft } from '../losses/dft'
import { discopop } from '../losses/discopop'
import { alphaDivergence, type Divergence, forwardKl, jsDivergence, reverseKl } from '../losses/divergence'
import { dpo } from '../losses/dpo'
import { dpoNorm } from '../losses/dpo-norm'
import { dpop } from '../losses/dpop'
import { dynamicBetaDpo } from '../losses/dynamic-beta-dpo'
import { exoPair } from '../losses/exo-pair'
import { hinge } from '../losses/hinge'
import { ipo } from '../losses/ipo'
import { kto } from '../losses/kto'
import { lengthDesensitized } from '../losses/length-desensitized'
import type { LabelledLoss, Loss, PairLoss, SequenceLoss, TokenChoice } from '../losses/loss'
import { mpo } from '../losses/mpo'
import { ncaPair } from '../losses/nca-pair'
import { orpo } from '../losses/orpo'
import { rdpo } from '../losses/rdpo'
import { robust } from '../losses/robust'
import { rpo } from '../losses/rpo'
import { sampled } from '../losses/sampled'
import { sampo } from '../losses/sampo'
import { sft } from '../losses/sft'
import { simpo } from '../losses/simpo'
import { sppoHard } from '../losses/sppo-hard'
import { wpo } from '../losses/wpo'
import { type LossName, namedLosses } from './named-losses'
import type { TrainingConfig } from './training-fields'

/** Options that all losses of a list share, each with a value: where a loss takes one, its field applies. */
interface Shared {
  readonly beta: number
  readonly labelSmoothing: number
  readonly divergence: Divergence
  readonly tokens: TokenChoice
  readonly config: TrainingConfig
}

type Make<L extends Loss> = (shared: Shared) => L

const smoothed = ({ beta, divergence, tokens, labelSmoothing }: Shared) => ({
  ...{ beta, divergence, tokens, labelSmoothing },
})
const divergent = ({ beta, divergence, tokens }: Shared) => ({ beta, divergence, tokens })
const plain = ({ beta, tokens }: Shared) => ({ beta, tokens })

/** Losses over pairs. */
const onPairs: Partial<Record<LossName, Make<PairLoss>>> = {
  sft: ({ beta }) => chosenSft({ beta }),
  dpo: shared => dpo(divergent(shared)),
  sampo: ({ beta, config }) => sampo({ beta, draw: config.draw! }),
  'ld-dpo': ({ beta, divergence, config }) =>
    dpo({ beta, divergence, tokens: lengthDesensitized({ alpha: config.ldAlpha! }) }),
  cdpo: shared => cdpo(smoothed(shared)),
  robust: shared => robust(smoothed(shared)),
  hinge: shared => hinge(divergent(shared)),
  ipo: shared => ipo(divergent(shared)),
  'dpo-norm': shared => dpoNorm(divergent(shared)),
  'exo-pair': shared => exoPair(smoothed(shared)),
  'nca-pair': shared => ncaPair(plain(shared)),
  'bco-pair': shared => bcoPair(plain(shared)),
  'sppo-hard': shared => sppoHard(plain(shared)),
  aot: shared => aot({ ...plain(shared), labelSmoothing: shared.labelSmoothing }),
  'aot-unpaired': shared => aotUnpaired({ ...plain(shared), labelSmoothing: shared.labelSmoothing }),
  'apo-zero': shared => apoZero(plain(shared)),
  'apo-down': shared => apoDown(plain(shared)),
  discopop: shared => discopop({ ...divergent(shared), tau: shared.config.discopopTau! }),
  rpo: shared => rpo({ ...divergent(shared), alpha: shared.config.rpoAlpha! }),
  mpo: shared => mpo(plain(shared)),
  dpop: shared => dpop({ ...plain(shared), penalty: shared.config.dpopLambda! }),
  rdpo: ({ beta, config }) => rdpo({ beta, alpha: config.lengthAlpha! }),
  'beta-dpo': shared => {
    const { betaScale, betaMomentum, betaDrop, seed } = shared.config
    return dynamicBetaDpo({
      ...plain(shared),
      scale: betaScale!,
      momentum: betaMomentum!,
      drop: betaDrop!,
      seed,
    })
  },
  simpo: shared => {
    const { labelSmoothing, config } = shared
    return simpo({ ...plain(shared), labelSmoothing, gamma: config.gamma! })
  },
  orpo: ({ beta }) => orpo({ beta }),
  cpo: shared => {
    const { cpoKind, cpoAlpha, gamma } = shared.config
    return cpo({
      ...plain(shared),
      ...{ kind: cpoKind!, alpha: cpoAlpha!, labelSmoothing: shared.labelSmoothing },
      ...(cpoKind === 'simpo' ? { gamma: gamma! } : {}),
    })
  },
}

/** Losses over conversations. */
const onSequences: Partial<Record<LossName, Make<SequenceLoss>>> = { sft, dft }

const anchored = ({ beta, config: { desirableWeight, undesirableWeight } }: Shared) => ({
  ...{ beta, desirableWeight: desirableWeight!, undesirableWeight: undesirableWeight! },
})

/** Losses over answers that are good or bad. */
const onLabelled: Partial<Record<LossName, Make<LabelledLoss>>> = {
  kto: shared => kto(anchored(shared)),
  'apo-zero-unpaired': shared => apoZeroUnpaired(anchored(shared)),
}

/**
 * What a config minimizes.
 *
 * @throws {LossError} for losses or options that are not defined together
 */
export function makeLoss(config: TrainingConfig): Loss {
  const { beta = 0.1, labelSmoothing = 0, method } = config
  const shared = { config, beta, labelSmoothing, divergence: divergenceOf(config), tokens: tokensOf(config) }
  if (method === 'labelled') return joined<LabelledLoss>(config, onLabelled, shared, combined)
  if (method !== 'preference') return joined<SequenceLoss>(config, onSequences, shared, combined)
  const weighed = (loss: PairLoss, name: LossName) => (config.wpo && takesWpo(name) ? wpo(loss) : loss)
  return joined<PairLoss>(config, onPairs, shared, combined, weighed)
}

const takesWpo = (name: LossName) => (namedLosses[name].options as readonly string[]).includes('wpo')

/** The only loss as it is, several as a weighted sum. */
function joined<L extends Loss>(
  { loss: list }: TrainingConfig,
  table: Partial<Record<LossName, Make<L>>>,
  shared: Shared,
  sum: (losses: readonly (readonly [L, number])[]) => L,
  finish: (loss: L, name: LossName) => L = loss => loss,
): L {
  const losses = list.map(({ name, weight }) => {
    const make = table[name as LossName]!
    return [finish(make(shared), name as LossName), weight] as const
  })
  const [[only, weight]] = losses as [readonly [L, number]]
  return losses.length === 1 && weight === 1 ? only : sum(losses)
}

function divergenceOf({ divergence, divergenceAlpha }: TrainingConfig): Divergence {
  switch (divergence) {
    case 'forward-kl':
      return forwardKl
    case 'js-divergence':
      return jsDivergence
    case 'alpha-divergence':
      return alphaDivergence({ alpha: divergenceAlpha! })
    default:
      return reverseKl
  }
}

function tokensOf({ tokens, draw, ldAlpha }: TrainingConfig): TokenChoice {
  if (tokens === 'length-desensitized') return lengthDesensitized({ alpha: ldAlpha! })
  if (tokens !== 'sampled') return allTokens
  return draw === 'mean' ? averaged() : sampled({ draw: draw! })
}

import { aot } from '../../src/losses/aot'
import { aotUnpaired } from '../../src/losses/aot-unpaired'
import { apoDown } from '../../src/losses/apo-down'
import { apoZero } from '../../src/losses/apo-zero'
import { apoZeroUnpaired } from '../../src/losses/apo-zero-unpaired'
import { averaged } from '../../src/losses/averaged'
import { bcoPair } from '../../src/losses/bco-pair'
import { cdpo } from '../../src/losses/cdpo'
import { chosenSft } from '../../src/losses/chosen-sft'
import { cpo } from '../../src/losses/cpo'
import { dft } from '../../src/losses/dft'
import { discopop } from '../../src/losses/discopop'
import { alphaDivergence, forwardKl, jsDivergence, reverseKl } from '../../src/losses/divergence'
import { dpo } from '../../src/losses/dpo'
import { dpoNorm } from '../../src/losses/dpo-norm'
import { dpop } from '../../src/losses/dpop'
import { exoPair } from '../../src/losses/exo-pair'
import { hinge } from '../../src/losses/hinge'
import { ipo } from '../../src/losses/ipo'
import { kto } from '../../src/losses/kto'
import { lengthDesensitized } from '../../src/losses/length-desensitized'
import type { Loss } from '../../src/losses/loss'
import { mpo } from '../../src/losses/mpo'
import { ncaPair } from '../../src/losses/nca-pair'
import { orpo } from '../../src/losses/orpo'
import { rdpo } from '../../src/losses/rdpo'
import { robust } from '../../src/losses/robust'
import { rpo } from '../../src/losses/rpo'
import { sft } from '../../src/losses/sft'
import { simpo } from '../../src/losses/simpo'
import { sppoHard } from '../../src/losses/sppo-hard'
import { wpo } from '../../src/losses/wpo'
import { drawnTokens, type GoldenCase } from './golden-cases'

const divergences = {
  forward_kl: forwardKl,
  js_divergence: jsDivergence,
  alpha_divergence: alphaDivergence({ alpha: 0.5 }),
}

const labelled = ({ params }: GoldenCase) => ({
  beta: params.beta,
  desirableWeight: params.desirable,
  undesirableWeight: params.undesirable,
})

const cpoKind =
  (kind: 'sigmoid' | 'hinge' | 'ipo' | 'simpo') =>
  ({ params: { beta, gamma, nll = 0, eps = 0 } }: GoldenCase): Loss =>
    cpo({ beta, kind, alpha: nll, labelSmoothing: eps, ...(kind === 'simpo' && { gamma }) })

/** Our loss for a case, by its name up to the first plus, or by the whole name. */
const losses: Record<string, (c: GoldenCase) => Loss> = {
  sigmoid: c => dpo(margins(c)),
  hinge: c => hinge(margins(c)),
  ipo: c => ipo(margins(c)),
  nca_pair: c => ncaPair(beta(c)),
  bco_pair: c => bcoPair(beta(c)),
  sppo_hard: c => sppoHard(beta(c)),
  apo_zero: c => apoZero(beta(c)),
  apo_down: c => apoDown(beta(c)),
  discopop: c => discopop(margins(c)),
  sft: c => chosenSft(beta(c)),
  sigmoid_norm: c => dpoNorm(margins(c)),
  cdpo: c => cdpo({ ...margins(c), labelSmoothing: c.params.eps }),
  robust: c => robust({ ...margins(c), labelSmoothing: c.params.eps }),
  exo_pair: c => exoPair({ ...margins(c), labelSmoothing: c.params.eps }),
  aot: c => aot({ ...beta(c), labelSmoothing: c.params.eps }),
  aot_unpaired: c => aotUnpaired({ ...beta(c), labelSmoothing: c.params.eps }),
  ld_alpha: c => dpo({ ...beta(c), tokens: lengthDesensitized({ alpha: c.params.ld }) }),
  'ld_alpha+sigmoid_norm': c => dpoNorm({ ...beta(c), tokens: lengthDesensitized({ alpha: c.params.ld }) }),
  'ld_alpha+ipo': c => ipo({ ...beta(c), tokens: lengthDesensitized({ alpha: c.params.ld }) }),
  simpo: c => simpo({ ...beta(c), gamma: c.params.gamma, labelSmoothing: c.params.eps ?? 0 }),
  sampo_shared: c => dpo({ ...beta(c), tokens: drawnTokens(c) }),
  sampo_independent: c => dpo({ ...beta(c), tokens: drawnTokens(c) }),
  sampo_norm: c => dpo({ ...beta(c), tokens: averaged() }),
  dpop: c => dpop({ ...beta(c), penalty: c.params.lambda }),
  rdpo: c => rdpo({ ...beta(c), alpha: c.params.alpha }),
  wpo: c => wpo(dpo(beta(c))),
  rpo: c => rpo({ ...beta(c), alpha: 0.7 }),
  mpo: c => mpo(beta(c)),
  orpo: c => orpo(beta(c)),
  'cpo+sigmoid': cpoKind('sigmoid'),
  'cpo+hinge': cpoKind('hinge'),
  'cpo+ipo': cpoKind('ipo'),
  'cpo+simpo': cpoKind('simpo'),
  'cpo+smoothing': cpoKind('sigmoid'),
  kto: c => kto(labelled(c)),
  apo_zero_unpaired: c => apoZeroUnpaired(labelled(c)),
  'sequences+nll': () => sft(),
  'sequences+dft': () => dft(),
}

const beta = ({ params }: GoldenCase) => ({ beta: params.beta })
const margins = (c: GoldenCase) => ({
  ...beta(c),
  divergence: c.params.f ? divergences[c.params.f] : reverseKl,
})

/** The loss that a case is of. */
export const lossOf = (c: GoldenCase): Loss => (losses[c.name] ?? losses[c.name.split('+')[0]!]!)(c)

import { apoDown } from '../../src/losses/apo-down'
import { apoZero } from '../../src/losses/apo-zero'
import { bcoPair } from '../../src/losses/bco-pair'
import { cdpo } from '../../src/losses/cdpo'
import { discopop } from '../../src/losses/discopop'
import { alphaDivergence, forwardKl, jsDivergence, reverseKl } from '../../src/losses/divergence'
import { dpo } from '../../src/losses/dpo'
import { dpoNorm } from '../../src/losses/dpo-norm'
import { dpop } from '../../src/losses/dpop'
import { exoPair } from '../../src/losses/exo-pair'
import { hinge } from '../../src/losses/hinge'
import { ipo } from '../../src/losses/ipo'
import type { PairLoss } from '../../src/losses/loss'
import { ncaPair } from '../../src/losses/nca-pair'
import { orpo } from '../../src/losses/orpo'
import { rdpo } from '../../src/losses/rdpo'
import { robust } from '../../src/losses/robust'
import { simpo } from '../../src/losses/simpo'
import { sppoHard } from '../../src/losses/sppo-hard'
import * as twins from '../reference/losses-pairs'

/** A loss and its float64 twin. */
export interface Twin {
  readonly name: string
  readonly loss: PairLoss
  readonly twin: twins.PairTwin
  /** Whether it grows with the square of scores that are exponentials, beyond what f32 holds. */
  readonly overflows?: boolean
}

const beta = 0.25
const { scores } = twins
const divergences = [
  { name: '', divergence: reverseKl, score: scores.reverseKl },
  { name: ' forward KL', divergence: forwardKl, score: scores.forwardKl },
  { name: ' JS divergence', divergence: jsDivergence, score: scores.jsDivergence },
  { name: ' α-divergence', divergence: alphaDivergence({ alpha: 0.3 }), score: scores.alphaDivergence(0.3) },
]

const divergent = divergences.flatMap(({ name, divergence, score }): Twin[] => {
  const margin = { beta, divergence }
  const exponential = name !== '' && name !== ' JS divergence'
  return [
    { name: `dpo${name}`, loss: dpo(margin), twin: twins.cdpo(beta, 0, score) },
    {
      name: `cdpo${name}`,
      loss: cdpo({ ...margin, labelSmoothing: 0.2 }),
      twin: twins.cdpo(beta, 0.2, score),
    },
    {
      name: `robust${name}`,
      loss: robust({ ...margin, labelSmoothing: 0.2 }),
      twin: twins.robust(beta, 0.2, score),
    },
    { name: `hinge${name}`, loss: hinge(margin), twin: twins.hinge(beta, score) },
    { name: `ipo${name}`, loss: ipo(margin), twin: twins.ipo(beta, score), overflows: exponential },
    { name: `dpoNorm${name}`, loss: dpoNorm(margin), twin: twins.dpoNorm(beta, score) },
    {
      name: `exoPair${name}`,
      loss: exoPair({ ...margin, labelSmoothing: 0.01 }),
      twin: twins.exoPair(beta, 0.01, score),
    },
    {
      name: `discopop${name}`,
      loss: discopop({ ...margin, tau: 0.1 }),
      twin: twins.discopop(beta, 0.1, score),
    },
  ]
})

export const pairTwins: readonly Twin[] = [
  ...divergent,
  { name: 'ncaPair', loss: ncaPair({ beta }), twin: twins.ncaPair(beta) },
  { name: 'bcoPair', loss: bcoPair({ beta }), twin: twins.bcoPair(beta) },
  { name: 'sppoHard', loss: sppoHard({ beta }), twin: twins.sppoHard(beta) },
  { name: 'apoZero', loss: apoZero({ beta }), twin: twins.apoZero(beta) },
  { name: 'apoDown', loss: apoDown({ beta }), twin: twins.apoDown(beta) },
  { name: 'dpop', loss: dpop({ beta, penalty: 7 }), twin: twins.dpop(beta, 7) },
  { name: 'rdpo', loss: rdpo({ beta, alpha: 0.3 }), twin: twins.rdpo(beta, 0.3) },
  {
    name: 'simpo',
    loss: simpo({ beta, gamma: 0.4, labelSmoothing: 0.1 }),
    twin: twins.simpo(beta, 0.4, 0.1),
  },
]

/** The part of ORPO that sees pairs. */
export const orpoTwin: Twin = {
  name: 'orpo',
  loss: { ...orpo({ beta }), terms: [orpo({ beta }).terms[0]!] },
  twin: twins.orpo(beta),
}

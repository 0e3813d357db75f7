import code from '#shaders/losses/nll.wgsl?raw'
import { defineTokenLoss } from '../ops/token-loss'
import type { LossTerm, SequenceLoss } from './loss'
import { tokenTerm } from './token-term'

export const nllKernel = defineTokenLoss({ name: 'nll', code })

/** Mean negative log-likelihood over the counted tokens, in nats. */
export const nll: LossTerm = tokenTerm('nll', nllKernel)

/** Supervised fine-tuning: the mean negative log-likelihood of the trained tokens of an optimizer step, in nats. */
export const sft = (): SequenceLoss => ({ kind: 'sequences', name: 'sft', terms: [nll] })

import code from '#shaders/losses/dft.wgsl?raw'
import { defineTokenLoss } from '../ops/token-loss'
import type { SequenceLoss } from './loss'
import { tokenTerm } from './token-term'

export const dftKernel = defineTokenLoss({ name: 'dft', code })

/**
 * Dynamic fine-tuning: −p log p of each trained token, p held fixed where it is a factor, so that tokens that the model
 * finds unlikely pull less. https://arxiv.org/abs/2508.05629; `dft` in TRL.
 */
export const dft = (): SequenceLoss => ({
  kind: 'sequences',
  name: 'dft',
  terms: [tokenTerm('dft', dftKernel)],
})

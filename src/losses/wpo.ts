import code from '#shaders/losses/pair-weights.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import { LossError, type LossTerm, type PairLoss } from './loss'

export const pairWeightsKernel = defineKernel({
  name: 'pair-weights',
  code: [code],
  params: { N: 'u32' },
  bindings: {
    statistics: read('f32', 'S 8'),
    spans: read('u32', 'S 2'),
    unweighted: read('f32', 'R'),
    values: write('f32', 'N'),
    gradient: write('f32', 'R'),
  },
  workgroups: ({ N }) => [N],
})

/**
 * Weighs each pair of a loss by how likely the model is to write its answers itself: by exp of the mean of
 * log p − log Σ p² over the chosen answer's tokens, plus the same over the rejected one's. The weights are held fixed.
 * https://arxiv.org/abs/2406.11827 eq. 2; `use_weighting` in TRL, which from 0.29 on does not stop them at 1 either.
 *
 * @throws {LossError} for a loss that is no sum over pairs
 */
export const wpo = (loss: PairLoss): PairLoss => ({
  ...loss,
  name: `wpo(${loss.name})`,
  terms: loss.terms.map(term => weighted(loss.name, term)),
})

const PREFIX = 'wpo '

function weighted(loss: string, term: LossTerm): LossTerm {
  if (term.wholeBatch) {
    throw new LossError(`wpo: ${loss} compares pairs with each other, so none has a loss of its own to weigh`)
  }
  if (term.mean === 'tokens') {
    const way = 'weigh the losses over pairs, then add this one by combined'
    throw new LossError(`wpo: ${term.name} of ${loss} is a mean over tokens and sees no pairs; ${way}`)
  }
  if (term.name.startsWith(PREFIX)) throw new LossError(`wpo: ${loss} is weighed already`)
  return {
    ...term,
    name: PREFIX + term.name,
    run(gpu, tensors) {
      const { statistics, spans, values, gradient } = tensors
      using unweighted = gpu.zeros(gradient.shape)
      term.run(gpu, { ...tensors, gradient: unweighted })
      gpu.run(pairWeightsKernel, { statistics, spans, unweighted, values, gradient }, {})
    },
  }
}

import reduce from '#shaders/lib/reduce.wgsl?raw'
import code from '#shaders/preference-loss.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

/** The kernel of a preference loss; `outer` is WGSL that defines `value(h)` and `slope(h)`. */
export const definePreferenceLoss = (outer: string) =>
  defineKernel({
    name: 'preference-loss',
    code: [reduce, outer, code],
    params: { N: 'u32', beta: 'f32' },
    bindings: {
      policy: read('f32', 'R'),
      reference: read('f32', 'R'),
      weight: read('f32', 'R'),
      spans: read('u32', 'N 4'),
      scale: read('f32', '1'),
      g: write('f32', 'R'),
      stats: write('f32', 'N 6'),
    },
    workgroups: ({ N }) => [N],
  })

export type PreferenceLossKernel = ReturnType<typeof definePreferenceLoss>

/** Columns of `stats`: one row a pair. Log-probs and log-ratios are sums over all answer tokens, in nats. */
export const STATS = ['loss', 'h', 'logpChosen', 'logpRejected', 'ratioChosen', 'ratioRejected'] as const

export interface PreferenceInputs {
  /** Per-token log-probs of the trained model, [R]. */
  readonly policy: Tensor
  /** Per-token log-probs of the reference model, [R]. */
  readonly reference: Tensor
  /** How much each token counts in the margin, [R]: 1, or 0 where it is not sampled. */
  readonly weight: Tensor
  /** u32 [N, 4]: rows of the chosen answer (begin, end), rows of the rejected answer (begin, end). */
  readonly spans: Tensor
  /** [1]: what each pair's loss is multiplied by, one over the pairs of an optimizer step. */
  readonly scale: Tensor
}

/**
 * Per-pair preference loss, value((β·margin)), and the gradient of scale·Σ loss by each policy log-prob.
 * Returns both; there is nothing above a loss, so it is not recorded on the tape.
 */
export function preferenceLoss(
  tape: Tape,
  kernel: PreferenceLossKernel,
  inputs: PreferenceInputs,
  { beta }: { readonly beta: number },
): { readonly stats: Tensor; readonly gradient: Tensor } {
  const { gpu } = tape
  const [N = 0] = inputs.spans.shape
  const stats = tape.tensor([N, STATS.length])
  const g = tape.tensor(inputs.policy.shape)
  gpu.clear(g)
  gpu.run(kernel, { ...inputs, g, stats }, { beta })
  return { stats, gradient: g }
}

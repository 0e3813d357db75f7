import reduce from '#shaders/lib/reduce.wgsl?raw'
import frame from '#shaders/token-loss.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/**
 * The kernel of a loss that is a sum over tokens, of the first sequence of each example.
 *
 * @param code WGSL that defines `value(logp)` and `slope(logp)`
 */
export const defineTokenLoss = ({ name, code }: { readonly name: string; readonly code: string }) =>
  defineKernel({
    name,
    code: [reduce, code, frame],
    params: { N: 'u32', stride: 'u32' },
    bindings: {
      policy: read('f32', 'R'),
      weights: read('f32', 'R 2'),
      spans: read('u32', 'S 2'),
      scale: read('f32', '1'),
      values: write('f32', 'N'),
      gradient: write('f32', 'R'),
    },
    workgroups: ({ N }) => [N],
  })

export type TokenLossKernel = ReturnType<typeof defineTokenLoss>

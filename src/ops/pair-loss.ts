import frame from '#shaders/pair-loss.wgsl?raw'
import { defineKernel, type Kernel, type Params, read, write } from '../gpu/kernel'

export const pairBindings = {
  sums: read('f32', 'S 2'),
  lengths: read('f32', 'S'),
  values: write('f32', 'N'),
  slopes: write('f32', 'S'),
} as const

/** A kernel that gives each pair its loss and its slopes; see shaders/pair-loss.wgsl. */
export type PairLossKernel<P extends Params = Params> = Kernel<typeof pairBindings, P>

/**
 * The kernel of a loss that looks at one pair at a time.
 *
 * @param code WGSL modules that define `struct Params { N: u32, … }` and `loss(chosen, rejected)`
 * @param params fields of `Params` behind N
 */
export const definePairLoss = <const P extends Params>({
  name,
  code,
  params,
}: {
  readonly name: string
  readonly code: readonly string[]
  readonly params: P
}): PairLossKernel<{ readonly N: 'u32' } & P> =>
  defineKernel({
    name,
    code: [...code, frame],
    params: { N: 'u32', ...params } as { readonly N: 'u32' } & P,
    bindings: pairBindings,
    workgroups: ({ N }) => [Math.ceil(N / 64)],
  })

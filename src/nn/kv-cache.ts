import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'

/** Keys and values of the tokens seen so far, for each layer [S, G, D]. */
export class KvCache implements Disposable {
  readonly layers: readonly { readonly k: Tensor; readonly v: Tensor }[]

  /** @param slots tokens it can hold */
  constructor(
    gpu: Gpu,
    readonly slots: number,
    {
      layers,
      kvHeads,
      headSize,
    }: { readonly layers: number; readonly kvHeads: number; readonly headSize: number },
  ) {
    const shape = [slots, kvHeads, headSize]
    this.layers = Array.from({ length: layers }, () => ({ k: gpu.zeros(shape), v: gpu.zeros(shape) }))
  }

  [Symbol.dispose](): void {
    for (const { k, v } of this.layers) {
      k[Symbol.dispose]()
      v[Symbol.dispose]()
    }
  }
}

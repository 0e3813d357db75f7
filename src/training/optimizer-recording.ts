import { joined } from '../gpu/adjacent-tensors'
import type { Gpu } from '../gpu/gpu'
import type { Recording } from '../gpu/recording'
import type { Tensor } from '../gpu/tensor'
import { gradNorm } from '../ops/grad-norm'
import { type Stretch, stretchesOf } from './arena-stretches'
import type { Optimizer, OptimizerKind, Trained } from './optimizer'
import { checkPositive } from './optimizer-options'
import type { Arena } from './trainable'

/** How an optimizer changes values by their gradients. `K` names the tensors that it keeps of them. */
export interface UpdateRule<K extends string> {
  readonly name: string
  /** 0 where decaying and other values are changed alike. */
  readonly weightDecay: number
  /** Values that share a row of what is kept. Default: 1. */
  readonly block?: number
  /** Makes the tensors that are kept of N values, a row for each block, as they are before the first step. */
  keep(gpu: Gpu, N: number): Readonly<Record<K, Tensor>>
  /** The numbers that differ from step to step. `step` counts from 1. */
  scalars(step: number, learningRate: number): readonly number[]
  /** Changes the values and what is kept by the gradients times `norm[1]`; nothing where that is 0. */
  update(gpu: Gpu, stretch: Stretch, tensors: Readonly<Record<K | 'norm' | 'scalars', Tensor>>): void
}

/** Rows of what is kept that begin at multiples of so many begin at one of 256 bytes, whatever a row holds. */
const ROWS = 64

/** The optimizer of a rule: all arenas' gradients are clipped together, the rule changes each, they are cleared. */
export const optimizerKind = <K extends string>(rule: UpdateRule<K>): OptimizerKind => ({
  name: rule.name,
  create(trained, { maxGradNorm }) {
    if (maxGradNorm !== null) checkPositive(rule.name, { maxGradNorm })
    return new RecordedOptimizer(rule, trained, maxGradNorm)
  },
})

/** Its commands are recorded once: a step writes a few numbers and creates nothing. */
class RecordedOptimizer<K extends string> implements Optimizer {
  readonly norm: Tensor
  readonly state: ReadonlyMap<string, Tensor>
  steps = 0
  readonly #gpu: Gpu
  readonly #scalars: Tensor
  readonly #kept: readonly Tensor[]
  readonly #recording: Recording

  constructor(
    private readonly rule: UpdateRule<K>,
    { gpu, arenas }: Trained,
    maxNorm: number | null,
  ) {
    const { block = 1, weightDecay } = rule
    const stretches = stretchesOf(arenas, { unit: ROWS * block, mixed: weightDecay === 0 })
    const kept = stretches.map(stretch => ({ stretch, tensors: rule.keep(gpu, stretch.values.size) }))
    const norm = gpu.empty([2])
    const scalars = gpu.empty([rule.scalars(1, 0).length])
    this.#recording = gpu.record(() => {
      const grads = joined(arenas.map(arena => arena.grads))
      gradNorm(gpu, grads, norm, { maxNorm })
      for (const { stretch, tensors } of kept) rule.update(gpu, stretch, { ...tensors, norm, scalars })
      for (const tensor of grads) gpu.clear(tensor)
    })
    const parts = new Map<Arena, (readonly [string, Tensor])[]>()
    for (const { stretch, tensors } of kept) {
      for (const { arena, begin } of stretch.arenas) {
        const [first, last] = [begin / block, Math.ceil((begin + arena.values.size) / block)]
        const named = Object.entries<Tensor>(tensors).map(
          ([name, tensor]) => [`${arena.name}.${name}`, tensor.rows(first, last)] as const,
        )
        parts.set(arena, named)
      }
    }
    // In the order of the arenas and with a tensor for each: a checkpoint does not depend on where they lie.
    this.state = new Map(arenas.flatMap(arena => parts.get(arena)!))
    this.#kept = kept.flatMap(({ tensors }) => Object.values<Tensor>(tensors))
    this.norm = norm
    this.#scalars = scalars
    this.#gpu = gpu
  }

  step(learningRate: number): void {
    this.steps++
    this.#gpu.write(this.#scalars, Float32Array.from(this.rule.scalars(this.steps, learningRate)))
    this.#gpu.replay(this.#recording)
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.norm, this.#scalars, ...this.#kept]) tensor[Symbol.dispose]()
    this.#recording[Symbol.dispose]()
  }
}

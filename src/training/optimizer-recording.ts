import type { Gpu } from '../gpu/gpu'
import type { Recording } from '../gpu/recording'
import type { Tensor } from '../gpu/tensor'
import { gradNorm } from '../ops/grad-norm'
import type { Optimizer, OptimizerKind, Trained } from './optimizer'
import { checkPositive } from './optimizer-options'
import type { Arena } from './trainable'

/** How an optimizer changes one arena. `K` names the tensors that it keeps of it. */
export interface UpdateRule<K extends string> {
  readonly name: string
  /** Makes the tensors that are kept of an arena, as they are before the first step. */
  keep(gpu: Gpu, arena: Arena): Readonly<Record<K, Tensor>>
  /** The numbers that differ from step to step. `step` counts from 1. */
  scalars(step: number, learningRate: number): readonly number[]
  /** Changes the arena's values and what is kept by its gradients times `norm[1]`; nothing where that is 0. */
  update(gpu: Gpu, arena: Arena, tensors: Readonly<Record<K | 'norm' | 'scalars', Tensor>>): void
}

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
  readonly #recording: Recording

  constructor(
    private readonly rule: UpdateRule<K>,
    { gpu, arenas }: Trained,
    maxNorm: number | null,
  ) {
    const kept = arenas.map(arena => ({ arena, tensors: rule.keep(gpu, arena) }))
    const norm = gpu.empty([2])
    const scalars = gpu.empty([rule.scalars(1, 0).length])
    this.#recording = gpu.record(() => {
      const grads = arenas.map(arena => arena.grads)
      gradNorm(gpu, grads, norm, { maxNorm })
      for (const { arena, tensors } of kept) rule.update(gpu, arena, { ...tensors, norm, scalars })
      for (const tensor of grads) gpu.clear(tensor)
    })
    const named = kept.flatMap(({ arena, tensors }) =>
      Object.entries<Tensor>(tensors).map(([name, tensor]) => [`${arena.name}.${name}`, tensor] as const),
    )
    this.state = new Map(named)
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
    for (const tensor of [this.norm, this.#scalars, ...this.state.values()]) tensor[Symbol.dispose]()
    this.#recording[Symbol.dispose]()
  }
}

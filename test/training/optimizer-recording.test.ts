import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import type { Tensor } from '../../src/gpu/tensor'
import { adamW } from '../../src/training/adamw'
import { adamW8bit } from '../../src/training/adamw-8bit'
import { lion } from '../../src/training/lion'
import type { OptimizerKind } from '../../src/training/optimizer'
import { sgd } from '../../src/training/sgd'
import fixture from '../fixtures/optimizers.json'
import { test } from '../gpu'
import { expectClose, expectSame, noise } from '../numbers'

/** As in test/fixtures/make_optimizers.py. */
const SIZES = [
  ['first', 70, true],
  ['second', 5, true],
  ['bare', 33, false],
] as const
const STEPS = 6
const RATE = 0.05

class Arenas implements Disposable {
  readonly arenas

  constructor(readonly gpu: Gpu) {
    this.arenas = SIZES.map(([name, size, decays], k) => ({
      name,
      values: gpu.tensor([size], noise(size, k)),
      grads: gpu.zeros([size]),
      decays,
    }))
  }

  /** Sets the gradients of a step, from 0. */
  setGradients(step: number): void {
    this.arenas.forEach(({ grads }, k) => {
      this.gpu.write(grads, noise(grads.size, 100 + 10 * step + k, 0.1 * (step + 1)))
    })
  }

  read(): Promise<Float32Array[]> {
    return this.all(({ values }) => values)
  }

  all(tensor: (arena: Arenas['arenas'][number]) => Tensor): Promise<Float32Array[]> {
    return Promise.all(this.arenas.map(arena => this.gpu.read(tensor(arena))))
  }

  [Symbol.dispose](): void {
    for (const { values, grads } of this.arenas) for (const t of [values, grads]) t[Symbol.dispose]()
  }
}

const cases: Record<keyof typeof fixture, [OptimizerKind, number | null]> = {
  adamW: [adamW({ weightDecay: 0.1 }), 1],
  'adamW, unclipped, other betas': [adamW({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }), null],
  sgd: [sgd({ weightDecay: 0.1 }), 1],
  'sgd, momentum': [sgd({ weightDecay: 0.1, momentum: 0.9 }), 1],
  'sgd, nesterov': [sgd({ weightDecay: 0.1, momentum: 0.9, nesterov: true }), 1],
  lion: [lion({ weightDecay: 0.1 }), 1],
  'lion, unclipped': [lion({ weightDecay: 0.1 }), null],
}
const kinds = [adamW({ weightDecay: 0.1 }), adamW8bit(), sgd({ momentum: 0.9 }), lion()].map(
  kind => [kind.name, kind] as const,
)

describe('optimizers', () => {
  test.for(Object.entries(cases))(
    '%s computes what PyTorch does, over arenas',
    async ([name, [kind, maxGradNorm]], { gpu }) => {
      using trained = new Arenas(gpu)
      using optimizer = kind.create(trained, { maxGradNorm })
      const [first, last] = fixture[name as keyof typeof fixture]
      for (let step = 0; step < STEPS; step++) {
        trained.setGradients(step)
        optimizer.step(RATE / (step + 1))
        const want = step === 0 ? first! : step === STEPS - 1 ? last! : null
        if (!want) continue
        const [norm, factor] = await gpu.read(optimizer.norm)
        expectClose([norm!], [want.norm], { atol: 0, rtol: 1e-6 })
        const clip = Math.min(1, (maxGradNorm ?? Number.POSITIVE_INFINITY) / (want.norm + 1e-6))
        expectClose([factor!], [clip], { atol: 0, rtol: 1e-6 })
        const got = await trained.read()
        // Values up to 1.5, moved six times, in f32 beside double precision.
        got.forEach((values, k) => {
          expectClose(values, want.values[k]!, { atol: 1e-6, rtol: 1e-6 })
        })
        for (const grads of await trained.all(arena => arena.grads))
          expect(grads.every(g => g === 0)).toBe(true)
      }
      expect(optimizer.steps).toBe(STEPS)
    },
  )

  test.for(kinds)('%s goes on from its state bit by bit', async ([, kind], { gpu }) => {
    const options = { maxGradNorm: 1 }
    const run = async (stop: number | null) => {
      using trained = new Arenas(gpu)
      let optimizer = kind.create(trained, options)
      for (let step = 0; step < STEPS; step++) {
        if (step === stop) {
          using old = optimizer
          optimizer = kind.create(trained, options)
          optimizer.steps = old.steps
          expect([...optimizer.state.keys()]).toEqual([...old.state.keys()])
          for (const [name, tensor] of old.state) gpu.copy(tensor, optimizer.state.get(name)!)
        }
        trained.setGradients(step)
        optimizer.step(RATE)
      }
      optimizer[Symbol.dispose]()
      return trained.read()
    }
    const [whole, resumed] = [await run(null), await run(3)]
    whole.forEach((values, k) => {
      expectSame(resumed[k]!, values)
    })
  })

  test.for(kinds)(
    '%s changes nothing when a gradient of one arena is not finite, and goes on',
    async ([, kind], { gpu }) => {
      using trained = new Arenas(gpu)
      using optimizer = kind.create(trained, { maxGradNorm: null })
      trained.setGradients(0)
      optimizer.step(RATE)
      const before = await trained.read()
      const state = [...optimizer.state.values()]
      const bits = () =>
        Promise.all(state.map(async t => [...(t.dtype === 'u32' ? await gpu.readU32(t) : await gpu.read(t))]))
      const kept = await bits()
      trained.setGradients(1)
      gpu.write(trained.arenas[1]!.grads, Float32Array.of(Number.NaN))
      optimizer.step(RATE)
      expect(await trained.read()).toEqual(before)
      expect(await bits()).toEqual(kept)
      expect((await gpu.read(optimizer.norm))[1]).toBe(0)
      trained.setGradients(2)
      optimizer.step(RATE)
      expect((await trained.read()).flatMap(values => [...values]).every(Number.isFinite)).toBe(true)
      expect(await trained.read()).not.toEqual(before)
    },
  )

  test.for(kinds)('%s creates nothing from its second step on', async ([, kind], { gpu }) => {
    using trained = new Arenas(gpu)
    using optimizer = kind.create(trained, { maxGradNorm: 1 })
    optimizer.step(RATE)
    gpu.submit()
    const { submits, dispatches, ...before } = gpu.counters
    for (let step = 0; step < 50; step++) {
      optimizer.step(RATE)
      gpu.submit()
    }
    expect(gpu.counters).toMatchObject({ ...before, submits: submits + 50 })
  })

  test('gives its memory back', async ({ gpu }) => {
    using trained = new Arenas(gpu)
    await gpu.idle()
    gpu.trim()
    const { allocated } = gpu.memory
    for (const [, kind] of kinds) {
      const optimizer = kind.create(trained, { maxGradNorm: 1 })
      optimizer.step(RATE)
      await gpu.idle()
      optimizer[Symbol.dispose]()
    }
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
  })

  test('keeps of each arena what it needs, under its name', ({ gpu }) => {
    using trained = new Arenas(gpu)
    const names = (kind: OptimizerKind) => {
      using optimizer = kind.create(trained, { maxGradNorm: 1 })
      return [...optimizer.state.keys()]
    }
    expect(names(adamW())).toEqual(['first.m', 'first.v', 'second.m', 'second.v', 'bare.m', 'bare.v'])
    expect(names(sgd())).toEqual([])
    expect(names(sgd({ momentum: 0.5 }))).toEqual(['first.v', 'second.v', 'bare.v'])
  })

  test('refuses options out of range', ({ gpu }) => {
    expect(() => adamW({ beta1: 1 })).toThrow('adamW: beta1 is 1, expected at least 0 and less than 1')
    expect(() => adamW8bit({ epsilon: 0 })).toThrow('adamW8bit: epsilon is 0, expected a positive number')
    expect(() => lion({ weightDecay: -1 })).toThrow('lion: weightDecay is -1, expected 0 or more')
    expect(() => sgd({ momentum: Number.NaN })).toThrow('sgd: momentum is NaN')
    expect(() => sgd({ nesterov: true })).toThrow('sgd: nesterov needs momentum')
    using trained = new Arenas(gpu)
    expect(() => adamW().create(trained, { maxGradNorm: 0 })).toThrow('adamW: maxGradNorm is 0')
  })
})

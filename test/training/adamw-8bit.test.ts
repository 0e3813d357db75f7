import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { adamW } from '../../src/training/adamw'
import { adamW8bit } from '../../src/training/adamw-8bit'
import type { OptimizerKind } from '../../src/training/optimizer'
import { test } from '../gpu'
import { expectClose, expectSame, noise } from '../numbers'
import { dynamicScale } from '../reference/adamw-8bit'

const N = 700
const STEPS = 150

/** Half the sum of h (x − 1)² over curvatures h of four decades, with noise on the gradients, from x = noise. */
async function descend(gpu: Gpu, kind: OptimizerKind): Promise<{ x: Float32Array; distance: number }> {
  const curvature = Float64Array.from({ length: N }, (_, i) => 10 ** ((-4 * ((i * 37) % N)) / N))
  const arena = { name: 'x', values: gpu.tensor([N], noise(N, 1)), grads: gpu.zeros([N]), decays: false }
  using optimizer = kind.create({ gpu, arenas: [arena] }, { maxGradNorm: null })
  for (let step = 0; step < STEPS; step++) {
    const [x, e] = [await gpu.read(arena.values), noise(N, 10 + step)]
    gpu.write(
      arena.grads,
      x.map((value, i) => curvature[i]! * (value - 1 + e[i]!)),
    )
    optimizer.step(0.02)
  }
  const x = await gpu.read(arena.values)
  for (const tensor of [arena.values, arena.grads]) tensor[Symbol.dispose]()
  return { x, distance: Math.sqrt(x.reduce((sum, value) => sum + (value - 1) ** 2, 0) / N) }
}

describe('adamW8bit', () => {
  test('goes where AdamW with 32 bits goes, the same way each time', async ({ gpu }) => {
    const [exact, coded, again] = [
      await descend(gpu, adamW()),
      await descend(gpu, adamW8bit()),
      await descend(gpu, adamW8bit()),
    ]
    expectSame(again.x, coded.x)
    const apart = Math.sqrt(coded.x.reduce((sum, value, i) => sum + (value - exact.x[i]!) ** 2, 0) / N)
    // Both come from a distance of 1.2. Codes are 1 to 10 % apart, and so are the single steps.
    expect(coded.distance).toBeLessThan(1.2 * exact.distance)
    expect(apart).toBeLessThan(0.08)
  })

  test('forgets gradients that ended as AdamW does, though a step changes less than a code', async ({
    gpu,
  }) => {
    const arena = { name: 'x', values: gpu.zeros([256]), grads: gpu.zeros([256]), decays: false }
    using optimizer = adamW8bit({ beta2: 0.99 }).create({ gpu, arenas: [arena] }, { maxGradNorm: null })
    const steps = 200
    for (let step = 1; step <= steps; step++) {
      const g = noise(256, step).map(value => Math.sign(value) * (step <= 20 ? 1 : 0.001))
      // One value's gradients never end, so that the largest number, which all are shares of, stays.
      g[0] = 1
      gpu.write(arena.grads, g)
      optimizer.step(0.001)
    }
    const v = new Uint8Array((await gpu.readU32(optimizer.state.get('x.v')!)).buffer)
    const peaks = await gpu.read(optimizer.state.get('x.peaks')!)
    const { values } = dynamicScale(7)
    const mean = v.slice(1).reduce((sum, code) => sum + (values[code]! * peaks[1]!) ** 2, 0) / 255
    const want = (1 - 0.99 ** 20) * 0.99 ** (steps - 20)
    expect(peaks[1]! ** 2).toBeCloseTo(1 - 0.99 ** steps, 4)
    // The mean of 255 roots' squares, each rounded up or down by up to 10 % in the end.
    expectClose([mean], [want], { atol: 0, rtol: 0.1 })
    for (const tensor of [arena.values, arena.grads]) tensor[Symbol.dispose]()
  })

  test('keeps a quarter of the memory', ({ gpu }) => {
    const values = gpu.zeros([2 ** 20])
    const bytes = (kind: OptimizerKind) => {
      const trained = { gpu, arenas: [{ name: 'x', values, grads: values, decays: false }] }
      using optimizer = kind.create(trained, { maxGradNorm: 1 })
      return [...optimizer.state.values()].reduce((sum, tensor) => sum + tensor.bytes, 0)
    }
    expect(bytes(adamW8bit()) / bytes(adamW())).toBeLessThan(0.26)
    values[Symbol.dispose]()
  })
})

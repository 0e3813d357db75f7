import { expect, test } from 'vitest'
import { Gpu } from '../../src/gpu/gpu'
import { openGpu } from '../../src/gpu/open-gpu'
import { FacilityGains } from '../../src/similarity/facility-gain'
import { FarthestRows } from '../../src/similarity/farthest-row'
import { FixedPointRows } from '../../src/similarity/fixed-point-rows'
import { features } from '../gpu'
import { noise } from '../numbers'

/**
 * The same device, of which a dispatch may have only two workgroups in one axis, as if there were 65535 / 2
 * times the rows.
 */
function narrowed({ device, adapter, features }: Gpu): Gpu {
  const limits = new Proxy(device.limits, {
    get: (real, name) =>
      name === 'maxComputeWorkgroupsPerDimension' ? 2 : real[name as keyof GPUSupportedLimits],
  })
  const narrow = new Proxy(device, {
    get(real, name) {
      if (name === 'limits') return limits
      const value: unknown = Reflect.get(real, name, real)
      return typeof value === 'function' ? value.bind(real) : value
    },
    set: (real, name, value) => Reflect.set(real, name, value, real),
  })
  return new Gpu(narrow, adapter, features)
}

/** What is picked, and what rows add before and after one is covered. */
async function results(gpu: Gpu) {
  const [N, E] = [64 * 6 + 1, 7]
  // Two tensors, and in the first of them five workgroups of which the last has no neighbour.
  using bank = new FixedPointRows(gpu, { dimensions: E, capacity: N, shardRows: 5 * 64 })
  bank.append(noise(N * E, 1))
  using greedy = new FarthestRows(bank, { first: 5 })
  // One block of rows for a tensor, because blocks are one of two axes.
  using gains = new FacilityGains(bank, 8, 1)
  const before = await gains.gains([0, 70, N - 1])
  gains.add(70)
  return { picks: await greedy.next(20), before, after: await gains.gains([0, 70, N - 1]) }
}

test('rows beyond the workgroups of one axis are compared too', async () => {
  using gpu = await openGpu({ limits: 'default', features })
  const want = await results(gpu)
  const narrow = narrowed(gpu)
  expect(await results(narrow)).toEqual(want)
  await narrow.idle()
})

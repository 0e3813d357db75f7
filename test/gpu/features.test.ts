import { describe, expect } from 'vitest'
import { GpuError } from '../../src/gpu/errors'
import type { Feature } from '../../src/gpu/features'
import { defineKernel, write } from '../../src/gpu/kernel'
import { openGpu } from '../../src/gpu/open-gpu'
import { features, test } from '../gpu'
import { count } from './counting-kernels'

const fields = Array.from({ length: 17 }, (_, i) => `p${i}`)

/** As `count`, with 68 bytes of parameters: more than fit into the commands. Adds the last of them. */
const large = defineKernel({
  name: 'large',
  code: [
    `struct Params { ${fields.map(field => `${field}: u32`).join(', ')} }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) { y[group.x] += params.p0 + params.p16 * group.x; }`,
  ],
  params: Object.fromEntries(fields.map(field => [field, 'u32' as const])),
  bindings: { y: write('u32', 'N') },
  workgroups: ({ N }) => [N],
})
const filled = (p0: number, p16: number) =>
  Object.fromEntries(fields.map((field, i) => [field, i === 0 ? p0 : i === 16 ? p16 : 77]))

test('without features none is on, and parameters lie in a uniform buffer', async () => {
  using gpu = await openGpu({ limits: 'default', features: 'none' })
  expect(gpu.features.size).toBe(0)
  for (const feature of ['shader-f16', 'subgroups', 'timestamp-query'])
    expect(gpu.device.features.has(feature)).toBe(false)
  using y = gpu.zeros([4], 'u32')
  const { buffers } = gpu.counters
  gpu.run(count, { y }, { factor: 3 })
  expect(gpu.counters.buffers).toBe(buffers + 1)
  expect(await gpu.readU32(y)).toEqual(Uint32Array.of(0, 3, 6, 9))
})

describe('parameters', () => {
  test('take no buffer where the device has immediates', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using y = gpu.zeros([4], 'u32')
    const { buffers } = gpu.counters
    using recording = gpu.record(() => {
      for (let n = 0; n < 300; n++) gpu.run(count, { y }, { factor: n })
    })
    gpu.replay(recording)
    gpu.run(count, { y }, { factor: 1 })
    const sum = (299 * 300) / 2 + 1
    expect(await gpu.readU32(y)).toEqual(Uint32Array.of(0, sum, 2 * sum, 3 * sum))
    // One buffer holds 256 dispatches, and those outside the recording have another; reading takes three.
    expect(gpu.counters.buffers - buffers).toBe(gpu.features.has('immediates') ? 3 : 3 + 3)
  })

  test('too many for immediates lie in a uniform buffer, also beside those that are none', async ({
    gpu,
  }) => {
    using y = gpu.zeros([3], 'u32')
    const all = () => {
      gpu.run(count, { y }, { factor: 1 })
      gpu.run(large, { y }, filled(10, 100))
      gpu.run(large, { y }, filled(20, 200))
      gpu.run(count, { y }, { factor: 5 })
      gpu.run(large, { y }, filled(0, 1000))
    }
    all()
    using recording = gpu.record(all)
    gpu.replay(recording)
    gpu.replay(recording)
    expect(await gpu.readU32(y)).toEqual(Uint32Array.of(90, 90 + 3 * 1306, 90 + 6 * 1306))
  })
})

describe('a kernel that requires a feature', () => {
  const cases: readonly (readonly [Feature, string])[] = [
    ['subgroups', 'y[group.x] = params.factor * subgroupBroadcast(group.x, 0);'],
    ['shader-f16', 'y[group.x] = u32(f16(params.factor) * f16(group.x));'],
  ]
  test.for(cases)(
    'of %s runs where there is one, and is refused elsewhere',
    async ([feature, body], { gpu }) => {
      const kernel = defineKernel({
        ...{ name: `with-${feature}`, requires: [feature], params: count.params, bindings: count.bindings },
        code: [
          `struct Params { N: u32, factor: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) group: vec3u) { ${body} }`,
        ],
        workgroups: ({ N }) => [N],
      })
      using y = gpu.zeros([4], 'u32')
      if (gpu.features.has(feature)) {
        gpu.run(kernel, { y }, { factor: 7 })
        expect(await gpu.readU32(y)).toEqual(Uint32Array.of(0, 7, 14, 21))
      }
      using plain = await openGpu({ limits: 'default', features: 'none' })
      using z = plain.zeros([4], 'u32')
      expect(() => plain.run(kernel, { y: z }, { factor: 7 })).toThrow(
        new GpuError(
          `with-${feature}: this device has no ${feature}. Ask gpu.features before, and run a kernel without`,
        ),
      )
    },
  )
})

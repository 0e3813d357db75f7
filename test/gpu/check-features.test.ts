import { expect, test } from 'vitest'
import { checkedFeatures } from '../../src/gpu/check-features'
import type { Feature } from '../../src/gpu/features'
import { Gpu } from '../../src/gpu/gpu'
import { openGpu } from '../../src/gpu/open-gpu'
import { matmulNt } from '../../src/ops/matmul'
import { features } from '../gpu'
import { expectClose, noise } from '../numbers'
import { matmul } from '../reference/matmul'

interface Fault {
  /** What breaks by it. */
  readonly feature: Feature | null
  /** How many times as many lanes as there are the adapter says that subgroups have. */
  readonly lanes?: number
  /** What a driver makes of a shader. */
  change?(code: string): string
}

const faults: readonly (readonly [string, Fault])[] = [
  ['none', { feature: null }],
  ['subgroups of another size', { feature: 'subgroups', lanes: 2 }],
  [
    'the next lane’s value',
    {
      feature: 'subgroups',
      change: code => code.replace('subgroupBroadcast(part, 2)', 'subgroupBroadcast(part, 3)'),
    },
  ],
  [
    'each lane its own value',
    { feature: 'subgroups', change: code => code.replaceAll(/subgroupBroadcast\(part, [^)]*\)/g, 'part') },
  ],
  [
    'a value of which a part is lost',
    { feature: 'subgroups', change: code => code.replace('subgroupBroadcast(part, 1)', '$&.xyzz') },
  ],
  [
    'another lane’s value in a quad',
    {
      feature: 'subgroups',
      change: code => code.replace('quadBroadcast(part, 1)', 'quadBroadcast(part, 0)'),
    },
  ],
  [
    'no exchange with the next lane',
    { feature: 'subgroups', change: code => code.replace('quadSwapX(part)', 'part') },
  ],
  [
    'an exchange with the wrong lane',
    { feature: 'subgroups', change: code => code.replace('quadSwapDiagonal(part)', 'quadSwapY(part)') },
  ],
  [
    'no pipeline',
    { feature: 'subgroups', change: code => code.replace('subgroupBroadcast(part, 0)', 'nothing') },
  ],
  [
    'the wrong parameters',
    {
      feature: 'immediates',
      change: code => (code.includes('var<immediate>') ? code.replace('params.p15)', 'params.p14)') : code),
    },
  ],
  [
    'no parameters',
    { feature: 'immediates', change: code => code.replace('var<immediate>', 'var<private>') },
  ],
]

test.for(faults)(
  'a device that gives %s has the other features',
  async ([, { feature, lanes = 1, change }]) => {
    using real = await openGpu({ limits: 'default', features })
    const { device, adapter } = real
    const create = device.createShaderModule.bind(device)
    if (change) device.createShaderModule = ({ code, ...rest }) => create({ ...rest, code: change(code) })
    const info = {
      ...adapter,
      subgroupMinSize: lanes * adapter.subgroupMinSize,
      subgroupMaxSize: lanes * adapter.subgroupMaxSize,
    }
    const sound = await checkedFeatures(device, info, [...real.features])
    expect([...sound]).toEqual([...real.features].filter(name => name !== feature))

    // Whatever failed, the device works, and products take the way without.
    const gpu = new Gpu(device, info, sound)
    const [x, w] = [noise(12 * 16, 1), noise(20 * 16, 2)]
    using tx = gpu.tensor([12, 16], x)
    using tw = gpu.tensor([20, 16], w)
    using c = gpu.zeros([12, 20])
    matmulNt(gpu, tx, tw, c)
    expectClose(await gpu.read(c), matmul('nt', x, w, { B: 1, M: 12, N: 20, K: 16 }), {
      atol: 1e-6,
      rtol: 1e-6,
    })
    await gpu.idle()
  },
)

test('where there is nothing to check, nothing is asked of the device', async () => {
  const none = {} as GPUDevice
  using real = await openGpu({ limits: 'default', features: 'none' })
  const others = ['shader-f16', 'timestamp-query'] as const
  expect([...(await checkedFeatures(none, real.adapter, others))]).toEqual(others)
})

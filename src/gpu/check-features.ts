import immediates from '#shaders/check-immediates.wgsl?raw'
import subgroups from '#shaders/check-subgroups.wgsl?raw'
import subgroupFour from '#shaders/lib/subgroup-four.wgsl?raw'
import type { AdapterInfo } from './adapter-info'
import type { Feature } from './features'
import { Gpu } from './gpu'
import { defineKernel, write } from './kernel'

export const checkSubgroups = defineKernel({
  name: 'check-subgroups',
  requires: ['subgroups'],
  code: ['const SUBGROUP = 8u;', subgroupFour, subgroups],
  params: { N: 'u32' },
  bindings: { seen: write('vec4f', 'N 68') },
  workgroups: () => [1],
})

/** p1 to p15: with N, 64 bytes. */
const fields = Array.from({ length: 15 }, (_, i) => `p${i + 1}`)

export const checkImmediates = defineKernel({
  name: 'check-immediates',
  code: [immediates],
  params: Object.fromEntries(['N', ...fields].map(name => [name, 'u32' as const])),
  bindings: { seen: write('u32', 'N') },
  workgroups: () => [1],
})

/** What must hold of a feature before kernels use it. Others do no harm: nothing computes by them unasked. */
const checks: Readonly<Partial<Record<Feature, (gpu: Gpu) => Promise<boolean>>>> = {
  subgroups: subgroupsWork,
  immediates: immediatesWork,
}

/**
 * Those of the features that do what they should on this device: drivers have offered some that compute wrongly. Where
 * there is nothing to check, it costs no more than a call.
 */
export async function checkedFeatures(
  device: GPUDevice,
  info: AdapterInfo,
  features: readonly Feature[],
): Promise<ReadonlySet<Feature>> {
  const works = await Promise.all(
    features.map(async feature => {
      const check = checks[feature]
      if (!check) return true
      // One that is let go of: it leaves no counts, and the device's errors do not concern the one that is opened.
      const probe = new Gpu(device, info, new Set([feature]))
      device.pushErrorScope('internal')
      device.pushErrorScope('validation')
      const answer = check(probe).catch(() => false)
      const errors = await Promise.all([device.popErrorScope(), device.popErrorScope()])
      return (await answer) && errors.every(error => error === null)
    }),
  )
  return new Set(features.filter((_, i) => works[i]))
}

const INVOCATIONS = 128

/**
 * Whether subgroups have a size within what the adapter says, their first lanes' values reach all of them, and those of a
 * quad's four lanes the others.
 */
async function subgroupsWork(gpu: Gpu): Promise<boolean> {
  const { subgroupMinSize, subgroupMaxSize } = gpu.adapter
  using tensor = gpu.empty([INVOCATIONS, 68])
  gpu.run(checkSubgroups, { seen: tensor }, {})
  const seen = await gpu.read(tensor)
  const lanes = Array.from({ length: INVOCATIONS }, (_, n) => {
    const [mine = 0, size = 0, , , root = 0] = seen.subarray(68 * n)
    const fours = Array.from({ length: 16 }, (_, i) => seen.subarray(68 * n + 4 * i + 4, 68 * n + 4 * i + 8))
    // A subgroup is known by what its lane 0 hands on.
    return {
      n,
      mine,
      size,
      root,
      first: fours.slice(0, 8),
      quad: fours.slice(8, 12),
      others: fours.slice(12),
    }
  })
  const place = (root: number, lane: number) => `${root} ${lane}`
  const places = new Map(lanes.map(({ n, root, mine }) => [place(root, mine), n]))
  if (places.size < INVOCATIONS) return false
  return lanes.every(({ mine, size, root, first, quad, others }) => {
    if (size < subgroupMinSize || size > subgroupMaxSize || mine >= size) return false
    const isOf = (lane: number, four: Float32Array) => {
      const n = places.get(place(root, lane))
      return n !== undefined && four.every((value, i) => value === n + 128 * i)
    }
    if (!quad.every((four, i) => isOf((mine & ~3) + i, four))) return false
    if (!others.every((four, i) => isOf(mine ^ i, four))) return false
    for (let lane = 0; lane < size; lane++) {
      const n = places.get(place(root, lane))
      if (n === undefined || lanes[n]!.size !== size) return false
      if (lane < 8 && !isOf(lane, first[lane]!)) return false
    }
    return true
  })
}

/** Whether the parameters of two dispatches in one pass arrive, each with its own. */
async function immediatesWork(gpu: Gpu): Promise<boolean> {
  const N = fields.length + 1
  using a = gpu.empty([N], 'u32')
  using b = gpu.empty([N], 'u32')
  const wanted = [a, b].map((seen, n) => {
    const values = fields.map((_, i) => Math.imul(0x01000193, i + 16 * n) >>> 0)
    gpu.run(checkImmediates, { seen }, Object.fromEntries(fields.map((name, i) => [name, values[i]!])))
    return [N, ...values]
  })
  const got = await Promise.all([a, b].map(seen => gpu.readU32(seen)))
  return wanted.every((values, n) => values.every((value, i) => got[n]?.[i] === value))
}

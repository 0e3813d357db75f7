import { describe, expect } from 'vitest'
import type { CausalNetwork } from '../../src/models/causal-network'
import { Linear } from '../../src/nn/linear'
import { pack } from '../../src/nn/packed'
import { f16 } from '../../src/ops/format-f16'
import { f32 } from '../../src/ops/format-f32'
import { int4 } from '../../src/ops/format-int4'
import { int8 } from '../../src/ops/format-int8'
import type { LoraFactors } from '../../src/ops/lora'
import { TrainingError } from '../../src/training/errors'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { mergeAdapter, mergedRows } from '../../src/training/merge-adapter'
import { test } from '../gpu'
import { matrixOf } from '../matrix'
import { hiddenOf } from '../models/on-network'
import { expectClose, noise } from '../numbers'
import { changedNorms } from '../reference/dora'
import { matmul } from '../reference/matmul'
import { tinyLlama } from '../tiny-llama'

const [O, I, R] = [150, 64, 3]
const values = { w: noise(O * I, 1), a: noise(R * I, 2), b: noise(O * R, 3), m: noise(O, 4).map(v => 1 + v) }

/** What a stored weight becomes, in double precision. */
function merged(w: ArrayLike<number>, scale: number, decomposed: boolean): Float64Array {
  const { a, b, m } = values
  const sum = matmul('nn', b, a, { M: O, N: I, K: R }).map((v, i) => w[i]! + scale * v)
  const given = { x: [], w, a, b, magnitude: m, scale, mask: null }
  const norms = changedNorms(given, { N: 0, O, I, R })
  return decomposed ? sum.map((v, i) => (v * m[Math.floor(i / I)]!) / norms[Math.floor(i / I)]!) : sum
}

const kinds = [false, true].flatMap(decomposed =>
  [f32, f16, int8, int4()].map(
    format => [decomposed ? 'DoRA' : 'LoRA', format.name, decomposed, format] as const,
  ),
)

describe('merging', () => {
  test.for(kinds)('%s into a weight stored as %s', async ([, , decomposed, format], { gpu }) => {
    const { matrix, stored } = matrixOf(gpu, values.w, [O, I], format, 64)
    using weight = matrix
    using a = gpu.tensor([R, I], values.a)
    using b = gpu.tensor([O, R], values.b)
    using m = gpu.tensor([O], values.m)
    const factors: LoraFactors = { a, b, scale: 0.5, stream: 0, magnitude: decomposed ? m : null }
    const want = merged(stored, 0.5, decomposed)
    // Sums of four products below 1, and with DoRA a length and a ratio of a few.
    const bound = { atol: 2e-6, rtol: 2e-6 }
    const rows: number[] = []
    for await (const piece of mergedRows(gpu, weight, factors, 64)) rows.push(...piece)
    expectClose(rows, want, bound)
    const untouched: number[] = []
    for await (const piece of mergedRows(gpu, weight, null, 128)) untouched.push(...piece)
    expect(untouched).toEqual([...Float32Array.from(stored)])

    const network = { gpu, linears: [new Linear('layer', weight)] } as unknown as CausalNetwork
    const merge = () => mergeAdapter(network, { map: new Map([['layer', factors]]) })
    if (format !== f32) {
      expect(merge).toThrow(
        new TrainingError(
          `layer is stored as ${format.name}, and changes are added to f32 weights only. Load the model with storage: f32, or export it with the adapter`,
        ),
      )
      return
    }
    merge()
    const shards = await Promise.all(weight.shards.map(shard => gpu.read(shard.values)))
    expectClose(
      shards.flatMap(shard => [...shard]),
      want,
      bound,
    )
  })

  test.for([false, true])(
    'leaves a network that computes the same without it, DoRA: %s',
    async (dora, { gpu }) => {
      using network = tinyLlama(gpu)
      using adapter = LoraAdapter.create(network, { rank: 3, dora, targets: ['q_proj', 'down_proj'] })
      for (const [k, { value }] of adapter.parameters.entries()) {
        const spread = noise(value.size, k, 0.3)
        gpu.write(value, value.shape.length === 1 ? spread.map(v => 1 + v) : spread)
      }
      const tokens = pack([Uint32Array.of(3, 1, 4, 1, 5, 9, 2, 6)])
      const before = await hiddenOf(network, tokens)
      const adapted = await hiddenOf(network, tokens, adapter.map)
      expect(adapted).not.toEqual(before)
      mergeAdapter(network, adapter)
      // The rounding of each weight, led through two layers.
      expectClose(await hiddenOf(network, tokens), adapted, { atol: 2e-5, rtol: 2e-5 })
    },
  )
})

import type { CausalNetwork, LoraMap } from '../../src/models/causal-network'
import { pack, uploadPacked } from '../../src/nn/packed'
import { matmulNt } from '../../src/ops/matmul'
import { Tape } from '../../src/ops/tape'
import { f32Weight } from '../f32-weight'

/**
 * Mean negative log-prob of the tokens of a sequence from `begin` on, in nats: all logits of all tokens by a plain
 * product, then their log softmax in double precision.
 */
export async function meanLoss(
  network: CausalNetwork,
  ids: readonly number[],
  begin: number,
  adapter: LoraMap | null = null,
): Promise<number> {
  const { gpu, vocabulary: V } = network
  using tape = new Tape(gpu, { grad: false })
  using packed = uploadPacked(gpu, pack([ids]))
  using logits = gpu.empty([ids.length, V])
  matmulNt(gpu, network.forward(tape, packed, { adapter }), f32Weight(network.head), logits)
  const values = await gpu.read(logits)
  let sum = 0
  for (let t = begin; t < ids.length; t++) {
    const z = Float64Array.from(values.subarray((t - 1) * V, t * V))
    const most = z.reduce((a, b) => Math.max(a, b))
    sum += most + Math.log(z.reduce((total, x) => total + Math.exp(x - most), 0)) - z[ids[t]!]!
  }
  return sum / (ids.length - begin)
}

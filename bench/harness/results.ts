import type { Case, Measured } from './contest'
import { median, significant } from './statistics'
import type { Line } from './subject'
import { TORCH } from './torch'

export interface Result {
  readonly title: string
  readonly flops: number
  readonly bytes: number
  /** The median of the fastest peer on WebGPU to ours: above 1 we are faster. Null without a peer. */
  readonly ratioToBestPeer: number | null
  /** The same of PyTorch, by precision. */
  readonly ratioToTorch: Readonly<Record<string, number>>
  readonly contenders: readonly (Measured & { readonly median: number })[]
}

export function resultOf({ title, flops, bytes }: Case, measured: readonly Measured[]): Result {
  const contenders = measured.map(one => ({ ...one, median: median(one.milliseconds) }))
  const own = contenders[0]?.median ?? Number.NaN
  const best = bestPeer(contenders)
  const torch = contenders.filter(({ name }) => name === TORCH)
  return {
    title,
    flops,
    bytes,
    ratioToBestPeer: Number.isFinite(best) ? best / own : null,
    ratioToTorch: Object.fromEntries(torch.map(({ how, median }) => [how, median / own])),
    contenders,
  }
}

/** The median of the fastest peer on WebGPU, Infinity if there is none. The first is ours. */
const bestPeer = ([, ...peers]: Result['contenders']): number =>
  Math.min(...peers.filter(({ name }) => name !== TORCH).map(peer => peer.median))

/** A result as lines of a table, a contender each. */
export function lines({ title, flops, bytes, contenders }: Result): Line[] {
  const best = bestPeer(contenders)
  const torch = contenders.find(({ name, how }) => name === TORCH && how === 'fp32')
  return contenders.map(({ name, how, median: time, milliseconds, error }) => ({
    case: title,
    contender: name,
    way: how,
    'median ms': significant(time, 4),
    'least–most ms': `${significant(Math.min(...milliseconds))}–${significant(Math.max(...milliseconds))}`,
    ...(flops > 0
      ? { 'GFLOP/s': significant(flops / time / 1e6) }
      : { 'GB/s': significant(bytes / time / 1e6) }),
    ...(Number.isFinite(best) ? { 'of best peer': significant(best / time) } : {}),
    ...(torch ? { 'of PyTorch fp32': significant(torch.median / time) } : {}),
    'error of allowed': significant(error, 2),
  }))
}

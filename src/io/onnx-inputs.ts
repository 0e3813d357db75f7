import { OnnxError } from './onnx-runtime'
import type { OnnxFeed, OnnxValue } from './onnx-session'

/** Sequences of tokens that are computed together. */
export interface TokenBatch {
  readonly sequences: readonly ArrayLike<number>[]
  /** Stands behind a sequence up to the length of the longest; masked. */
  readonly padId: number
  /** For graphs that ask: of how many last positions logits are wanted. */
  readonly keptLogits?: number
}

type Inputs = ReadonlyMap<string, OnnxValue>
type Fill = (batch: TokenBatch, width: number, value: OnnxValue) => OnnxFeed

/** A number for each place of the padded batch: of those in a sequence, and of those behind it. */
const each =
  (
    inside: (ids: ArrayLike<number>, t: number) => number,
    behind: (batch: TokenBatch, t: number) => number,
  ): Fill =>
  (batch, width, { type }) => {
    const { sequences } = batch
    const at = (i: number) => {
      const ids = sequences[Math.floor(i / width)]!
      const t = i % width
      return t < ids.length ? inside(ids, t) : behind(batch, t)
    }
    return whole(type, [sequences.length, width], at)
  }

const FILLS: ReadonlyMap<string, Fill> = new Map([
  [
    'input_ids',
    each(
      (ids, t) => ids[t]!,
      ({ padId }) => padId,
    ),
  ],
  [
    'attention_mask',
    each(
      () => 1,
      () => 0,
    ),
  ],
  [
    'token_type_ids',
    each(
      () => 0,
      () => 0,
    ),
  ],
  // Causal attention never looks ahead: what stands behind a sequence changes nothing in it.
  [
    'position_ids',
    each(
      (_, t) => t,
      (_, t) => t,
    ),
  ],
  [
    'num_logits_to_keep',
    ({ keptLogits = 1 }, _, { type, shape }) =>
      whole(
        type,
        shape.map(() => 1),
        () => keptLogits,
      ),
  ],
  [
    'use_cache_branch',
    (_, __, { shape }) => ({ type: 'bool', dims: shape.map(() => 1), data: new Uint8Array(1) }),
  ],
])

/** Keys and values of tokens before: there are none. */
const PAST = /^past(_key_values)?\./

/**
 * What a graph over tokens is given for each of its inputs: sequences padded at their ends, and no past.
 *
 * @throws {OnnxError} as `checkTokenInputs`
 */
export function tokenFeeds(inputs: Inputs, batch: TokenBatch, name: string): Map<string, OnnxFeed> {
  checkTokenInputs(inputs, name)
  const width = batch.sequences.reduce((most, { length }) => Math.max(most, length), 0)
  const feeds = [...inputs].map(([key, value]) => {
    const fill = FILLS.get(key)
    return [key, fill ? fill(batch, width, value) : noPast(value, batch.sequences.length)] as const
  })
  return new Map(feeds)
}

/** @throws {OnnxError} if the graph takes no tokens, or asks for what texts do not have, or for an unknown type */
export function checkTokenInputs(inputs: Inputs, name: string): void {
  const list = [...inputs].map(([key, { shape }]) => `${key} [${shape.join(', ')}]`).join(', ')
  if (!inputs.has('input_ids'))
    throw new OnnxError(`${name}: the graph takes no input_ids; it takes ${list || 'nothing'}`)
  for (const [key, { type }] of inputs) {
    const types = PAST.test(key)
      ? ['float32', 'float16']
      : key === 'use_cache_branch'
        ? ['bool']
        : ['int64', 'int32']
    if (!FILLS.has(key) && !PAST.test(key)) {
      const known = [...FILLS.keys()].join(', ')
      throw new OnnxError(
        `${name}: the graph asks for the input '${key}', which texts do not have; known are ${known} and past_key_values`,
      )
    }
    if (!types.includes(type))
      throw new OnnxError(`${name}: the input '${key}' is of type ${type}, expected ${types.join(' or ')}`)
  }
}

function whole(type: string, dims: readonly number[], at: (i: number) => number): OnnxFeed {
  const length = dims.reduce((a, b) => a * b, 1)
  return type === 'int32'
    ? { type, dims, data: Int32Array.from({ length }, (_, i) => at(i)) }
    : { type: 'int64', dims, data: BigInt64Array.from({ length }, (_, i) => BigInt(at(i))) }
}

/** The first axis without a fixed size is the batch, and that of the tokens before has size 0. */
function noPast({ type, shape }: OnnxValue, rows: number): OnnxFeed {
  const dims = shape.map((size, axis) => (typeof size === 'number' ? size : axis === 0 ? rows : 0))
  return type === 'float16'
    ? { type, dims, data: new Uint16Array(0) }
    : { type: 'float32', dims, data: new Float32Array(0) }
}

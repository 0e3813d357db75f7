import { SafetensorsError } from './safetensors'

/** A type that weights are written as. */
export type FloatDtype = 'f32' | 'f16' | 'bf16'

/** A tensor to be written. */
export interface TensorShape {
  readonly name: string
  readonly shape: readonly number[]
}

/** A safetensors file to be written: the header, then the tensors' values, each after the other. */
export interface TensorFile<T extends TensorShape = TensorShape> {
  /** `model.safetensors`, or `model-00001-of-00002.safetensors`. */
  readonly path: string
  readonly header: Uint8Array<ArrayBuffer>
  readonly tensors: readonly T[]
  /** Bytes, the header's among them. */
  readonly size: number
}

/** A model's weights as Hugging Face lays them out. */
export interface TensorFiles<T extends TensorShape = TensorShape> {
  readonly files: readonly TensorFile<T>[]
  /** `model.safetensors.index.json`, which says what is where; null for a single file. */
  readonly index: string | null
}

/** Bytes of a value. */
export const bytesOf = (dtype: FloatDtype): number => (dtype === 'f32' ? 4 : 2)

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/**
 * Lays tensors out in their order, in as few files as hold `fileBytes` of values each: one that is larger has a file
 * of its own. Sizes are known before any value is. Throws `SafetensorsError` for a name that is given twice.
 */
export function layOutTensors<T extends TensorShape>(
  tensors: readonly T[],
  { dtype, fileBytes }: { readonly dtype: FloatDtype; readonly fileBytes: number },
): TensorFiles<T> {
  const names = new Set<string>()
  for (const { name } of tensors) {
    if (names.has(name)) throw new SafetensorsError(`tensor '${name}' is given twice`)
    names.add(name)
  }
  const bytes = ({ shape }: T) => sizeOf(shape) * bytesOf(dtype)
  const groups: T[][] = [[]]
  let held = 0
  for (const tensor of tensors) {
    if (held > 0 && held + bytes(tensor) > fileBytes) {
      groups.push([])
      held = 0
    }
    groups.at(-1)!.push(tensor)
    held += bytes(tensor)
  }
  const number = (n: number) => String(n).padStart(5, '0')
  const files = groups.map((group, k): TensorFile<T> => {
    const path =
      groups.length === 1
        ? 'model.safetensors'
        : `model-${number(k + 1)}-of-${number(groups.length)}.safetensors`
    const header = headerOf(group, dtype)
    return { path, header, tensors: group, size: group.reduce((sum, t) => sum + bytes(t), header.length) }
  })
  if (files.length === 1) return { files, index: null }
  const weightMap = files.flatMap(({ path, tensors: held }) => held.map(({ name }) => [name, path] as const))
  const total = tensors.reduce((sum, tensor) => sum + bytes(tensor), 0)
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap.sort()) }
  return { files, index: `${JSON.stringify(index, null, 2)}\n` }
}

/** The bytes before the values, with transformers' metadata; values begin at a multiple of 8 bytes. */
function headerOf(tensors: readonly TensorShape[], dtype: FloatDtype): Uint8Array<ArrayBuffer> {
  let end = 0
  const entries = tensors.map(({ name, shape }) => {
    const begin = end
    end += sizeOf(shape) * bytesOf(dtype)
    return [name, { dtype: dtype.toUpperCase(), shape, data_offsets: [begin, end] }] as const
  })
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) })
  const text = new TextEncoder().encode(json)
  const size = Math.ceil(text.length / 8) * 8
  const header = new Uint8Array(8 + size).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(size), true)
  header.set(text, 8)
  return header
}

/** What a GGUF file of version 3 holds, read by the format's description, with checks that readers make. */
export interface GgufContent {
  readonly metadata: ReadonlyMap<string, string | number>
  /** Shapes as the file has them: innermost axis first. */
  readonly tensors: ReadonlyMap<string, { readonly ne: readonly number[]; readonly data: Float32Array }>
}

export function readGguf(file: Uint8Array<ArrayBuffer>): GgufContent {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  let at = 0
  /** Where the next `size` bytes begin. */
  const next = (size: number) => {
    at += size
    return at - size
  }
  const u32 = () => view.getUint32(next(4), true)
  const u64 = () => Number(view.getBigUint64(next(8), true))
  const string = () => {
    const begin = next(u64())
    return new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(begin, at))
  }
  const value = () => {
    const type = u32()
    if (type === 8) return string()
    if (type === 4) return u32()
    if (type === 6) return view.getFloat32(next(4), true)
    throw new Error(`type ${type} of metadata`)
  }
  if (u32() !== 0x46554747 || u32() !== 3) throw new Error('no GGUF file of version 3')
  const [tensorCount, valueCount] = [u64(), u64()]
  const metadata = new Map(Array.from({ length: valueCount }, () => [string(), value()] as const))
  const infos = Array.from({ length: tensorCount }, () => {
    const name = string()
    const ne = Array.from({ length: u32() }, u64)
    if (u32() !== 0) throw new Error(`${name} is no f32`)
    return { name, ne, offset: u64() }
  })
  const aligned = (position: number) => Math.ceil(position / 32) * 32
  const begin = aligned(at)
  let end = 0
  const tensors = new Map<string, { ne: readonly number[]; data: Float32Array }>()
  for (const { name, ne, offset } of infos) {
    // ggml takes tensors one after the other, each from the next multiple of the alignment.
    if (offset !== end) throw new Error(`${name} is at ${offset}, expected at ${end}`)
    const size = ne.reduce((a, b) => a * b, 1)
    const bytes = file.slice(begin + offset, begin + offset + size * 4)
    tensors.set(name, { ne, data: new Float32Array(bytes.buffer) })
    end = aligned(offset + size * 4)
  }
  if (begin + end !== file.length) throw new Error(`${file.length} bytes, expected ${begin + end}`)
  return { metadata, tensors }
}

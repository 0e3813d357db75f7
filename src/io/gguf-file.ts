/** A value of a GGUF file's metadata. */
export type GgufValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'f32'; readonly value: number }
  | { readonly type: 'u32'; readonly value: number }

/** A tensor of f32 values, row-major. */
export interface GgufTensor {
  readonly name: string
  /** Outermost axis first, as everywhere here; the file has it the other way round. */
  readonly shape: readonly number[]
  readonly data: Float32Array
}

const TYPES = { u32: 4, f32: 6, string: 8 } as const
/** `GGML_TYPE_F32` */
const F32 = 0
/** Bytes that tensors begin at a multiple of, from where the first begins: what readers take without being told. */
const ALIGNMENT = 32

const aligned = (size: number) => Math.ceil(size / ALIGNMENT) * ALIGNMENT

/** Collects little-endian values. */
class Bytes {
  readonly #parts: Uint8Array[] = []
  length = 0

  add(part: Uint8Array): void {
    this.#parts.push(part)
    this.length += part.length
  }

  u32(value: number): void {
    this.add(new Uint8Array(Uint32Array.of(value).buffer))
  }

  u64(value: number): void {
    this.add(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer))
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text)
    this.u64(bytes.length)
    this.add(bytes)
  }

  value({ type, value }: GgufValue): void {
    this.u32(TYPES[type])
    if (type === 'string') this.string(value)
    else if (type === 'u32') this.u32(value)
    else this.add(new Uint8Array(Float32Array.of(value).buffer))
  }

  /** Zeros up to the next multiple of the alignment. */
  pad(): void {
    this.add(new Uint8Array(aligned(this.length) - this.length))
  }

  joined(): Uint8Array<ArrayBuffer> {
    const file = new Uint8Array(this.length)
    let at = 0
    for (const part of this.#parts) {
      file.set(part, at)
      at += part.length
    }
    return file
  }
}

/**
 * A file in version 3 of llama.cpp's format: metadata, then what tensors there are, then their values. The same content
 * gives the same bytes. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function writeGguf(
  metadata: readonly (readonly [key: string, value: GgufValue])[],
  tensors: readonly GgufTensor[],
): Uint8Array<ArrayBuffer> {
  const file = new Bytes()
  file.add(new TextEncoder().encode('GGUF'))
  file.u32(3)
  file.u64(tensors.length)
  file.u64(metadata.length)
  for (const [key, value] of metadata) {
    file.string(key)
    file.value(value)
  }
  let offset = 0
  for (const { name, shape, data } of tensors) {
    file.string(name)
    file.u32(shape.length)
    for (const size of [...shape].reverse()) file.u64(size)
    file.u32(F32)
    file.u64(offset)
    offset += aligned(data.byteLength)
  }
  file.pad()
  for (const { data } of tensors) {
    file.add(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    file.pad()
  }
  return file.joined()
}

import type { TensorData } from '../../src/io/safetensors'
import type { OnnxExternal } from '../peers/onnx-model'

/** Gathers an ONNX graph's weights for one file beside it. */
export class ExternalWeights {
  readonly externals: OnnxExternal[] = []
  readonly #parts: Float32Array[] = []
  #bytes = 0

  /** @param file what the graph calls it */
  constructor(readonly file: string) {}

  add(name: string, { shape, data }: TensorData): string {
    const length = data.byteLength
    this.externals.push({ name, shape, file: this.file, offset: this.#bytes, length })
    this.#parts.push(data)
    this.#bytes += length
    return name
  }

  /** The file. */
  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Float32Array(this.#bytes / 4)
    let at = 0
    for (const part of this.#parts) {
      all.set(part, at)
      at += part.length
    }
    return new Uint8Array(all.buffer)
  }
}

/** [O, I] → [I, O], which ONNX's MatMul takes. */
export function transposed({ shape: [O = 0, I = 0], data }: TensorData): TensorData {
  const turned = new Float32Array(data.length)
  for (let o = 0; o < O; o++) for (let i = 0; i < I; i++) turned[i * O + o] = data[o * I + i]!
  return { shape: [I, O], data: turned }
}

import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { filesFromFolder } from '../../../src/io/folder-files'
import { Config } from '../../../src/models/config'
import { llama } from '../../../src/models/llama'
import { loadNetwork } from '../../../src/models/load-network'
import { f16 } from '../../../src/ops/format-f16'
import { shardsOf } from '../../../src/ops/matrix'
import { test } from '../../gpu'

/** A model of 250 million values: 500 MB of bf16, with an embedding that no default binding holds in one. */
const config = {
  model_type: 'llama',
  vocab_size: 90_000,
  hidden_size: 1024,
  intermediate_size: 2816,
  num_hidden_layers: 13,
  num_attention_heads: 16,
  max_position_embeddings: 2048,
  tie_word_embeddings: true,
}
const MIB = 2 ** 20
let folder: string

/** bf16 bits of a value that depends on where it lies: small, of both signs. */
const bitsAt = (i: number) => 0x3c00 + ((i * 2654435761) % 512) + (i % 2) * 0x8000

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabtune-large-'))
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const { weights } = llama.blueprint(new Config(config, 'large'))
  const header: Record<string, unknown> = {}
  let at = 0
  for (const [name, { shape }] of weights) {
    const end = at + 2 * shape.reduce((a, b) => a * b, 1)
    header[name] = { dtype: 'BF16', shape, data_offsets: [at, end] }
    at = end
  }
  expect(at).toBeGreaterThan(500e6)
  const json = Buffer.from(JSON.stringify(header))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(json.length))
  const file = await open(join(folder, 'model.safetensors'), 'w')
  await file.write(size)
  await file.write(json)
  const piece = Uint16Array.from({ length: 4 * MIB }, (_, i) => bitsAt(i))
  for (let written = 0; written < at; written += piece.byteLength) {
    await file.write(new Uint8Array(piece.buffer, 0, Math.min(piece.byteLength, at - written)))
  }
  await file.close()
})

afterAll(() => rm(folder, { recursive: true }))

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes that JavaScript holds: objects, and the memory of typed arrays. */
function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe('a model of 500 MB', () => {
  test('loads as fp16 with little memory beside it', async ({ gpu }) => {
    // The driver keeps a copy of what it is given until the GPU has it.
    const { queue } = gpu.device
    const [write, done] = [queue.writeBuffer.bind(queue), queue.onSubmittedWorkDone.bind(queue)]
    let [given, mostGiven] = [0, 0]
    Object.assign(queue, {
      writeBuffer(buffer: GPUBuffer, offset: number, data: BufferSource, ...range: number[]) {
        given += data.byteLength
        mostGiven = Math.max(mostGiven, given)
        return write(buffer, offset, data, ...range)
      },
      async onSubmittedWorkDone() {
        await done()
        given = 0
      },
    })
    collect()
    const before = held()
    const { allocated } = gpu.memory
    let most = 0
    let pieces = 0
    using network = await loadNetwork(gpu, filesFromFolder(folder), [llama], {
      storage: f16,
      onProgress() {
        pieces++
        most = Math.max(most, held() - before)
      },
    })
    expect(pieces).toBeGreaterThan(200)
    expect(most / MIB).toBeLessThan(64)
    const weights = [...network.weights.values()].reduce((sum, { bytes }) => sum + bytes, 0)
    expect((gpu.memory.peak - allocated - weights + mostGiven) / MIB).toBeLessThan(64)
    expect(mostGiven).toBeGreaterThan(0)
    const embedding = network.weights.get('model.embed_tokens.weight')!
    const shards = shardsOf(embedding)
    expect(shards.length).toBeGreaterThan(1)
    // The last row, of the last shard: the values that the file has there.
    const last = shards.at(-1)!
    using row = gpu.empty([64, 512], 'u32')
    const begin = last.rows - (last.rows % 64) - 64
    gpu.copy(last.values.rows(begin, begin + 64), row)
    const halves = new Uint16Array((await gpu.readU32(row)).buffer)
    const first = (last.first + begin) * 1024
    for (let i = 0; i < halves.length; i += 997) {
      const bits = bitsAt((first + i) % (4 * MIB))
      // bf16 has 8 bits of exponent with bias 127 and 7 of fraction, fp16 5 with bias 15 and 10.
      const half = (bits & 0x8000) | ((((bits >> 7) & 0xff) - 112) << 10) | ((bits & 0x7f) << 3)
      expect(halves[i]).toBe(half)
    }
  })
})

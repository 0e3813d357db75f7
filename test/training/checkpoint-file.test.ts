import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSafetensors, writeSafetensors } from '../../src/io/safetensors'
import {
  type CheckpointPlace,
  type CheckpointTensor,
  decodeCheckpoint,
  encodeCheckpoint,
} from '../../src/training/checkpoint-file'
import { CheckpointError } from '../../src/training/errors'
import { layout as headed, sourceOf } from '../io/bytes'

const place: CheckpointPlace = {
  step: 12,
  tokens: 3456,
  optimizerSteps: 11,
  fingerprint: { model: 'abc', learningRate: '0.001' },
  version: '1.2.3',
}

function held(values: Float32Array | Uint32Array, shape = [values.length]): CheckpointTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  return {
    dtype: values instanceof Float32Array ? 'f32' : 'u32',
    shape,
    read: async (begin, end) => bytes.slice(4 * begin, 4 * end),
  }
}

async function encoded(of: CheckpointPlace, tensors: ReadonlyMap<string, CheckpointTensor>) {
  const { bytes, content } = encodeCheckpoint(of, tensors)
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(piece)
  const file = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer())
  expect(file.length).toBe(bytes)
  return { file, pieces: pieces.map(({ length }) => length) }
}

const decode = (file: Uint8Array<ArrayBuffer>) => decodeCheckpoint(sourceOf(file), 'a file')

async function valuesOf(tensors: ReadonlyMap<string, CheckpointTensor>): Promise<Map<string, unknown>> {
  const values = new Map<string, unknown>()
  for (const [name, { dtype, shape, read }] of tensors) {
    const size = shape.reduce((a, b) => a * b, 1)
    values.set(name, { dtype, shape, bytes: [...(await read(0, size))] })
  }
  return values
}

const small = new Map([
  ['lora', held(Float32Array.of(1, -0, Number.NaN, 3e38, 1e-45, 6), [2, 3])],
  ['adamw.m', held(new Float32Array(5).fill(0.25))],
  ['counts', held(Uint32Array.of(1, 0xffffffff))],
  ['nothing', held(new Float32Array(0), [0, 4])],
])

describe('a checkpoint', () => {
  test('is read as it was written, bit for bit', async () => {
    const { file } = await encoded(place, small)
    const found = await decode(file)
    expect(found.place).toEqual(place)
    expect(await valuesOf(found.tensors)).toEqual(await valuesOf(small))
  })

  test('is a safetensors file', async () => {
    const { file } = await encoded(place, small)
    const { tensors, metadata } = await openSafetensors(sourceOf(file), 'a file')
    expect([...tensors.keys()]).toEqual(['adamw.m', 'counts', 'lora', 'nothing', 'sha256'])
    expect(JSON.parse(metadata.tabtune!)).toEqual({ format: 1, ...place })
  })

  test('is written in pieces, whatever the sizes of its tensors', async () => {
    const large = Float32Array.from({ length: 2 ** 22 + 12_345 }, (_, i) => i)
    const tensors = new Map([
      ['a', held(large.slice(0, 1000))],
      ['b', held(large)],
      ['c', held(large.slice(0, 1))],
    ])
    const { file, pieces } = await encoded(place, tensors)
    expect(Math.max(...pieces)).toBe(2 ** 23)
    const b = (await decode(file)).tensors.get('b')!
    const end = new Float32Array((await b.read(large.length - 2, large.length)).buffer)
    expect([...end]).toEqual([...large.slice(-2)])
  })

  test('of any state is read back', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          step: fc.nat(),
          tokens: fc.maxSafeNat(),
          optimizerSteps: fc.nat(),
          fingerprint: fc.dictionary(fc.string(), fc.string()),
          version: fc.string(),
        }),
        fc.dictionary(
          fc.string({ unit: 'grapheme' }).filter(name => !['__metadata__', 'sha256'].includes(name)),
          fc.uint32Array({ maxLength: 9 }),
        ),
        async (of, given) => {
          const tensors = new Map(Object.entries(given).map(([name, values]) => [name, held(values)]))
          const found = await decode((await encoded(of, tensors)).file)
          expect(found.place).toEqual(of)
          expect(await valuesOf(found.tensors)).toEqual(await valuesOf(tensors))
        },
      ),
    ))

  test('that is cut, longer, or changed in a bit is not taken for whole', async () => {
    const { file } = await encoded(place, small)
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: file.length - 1 }), async length => {
        await expect(decode(file.slice(0, length))).rejects.toThrow(CheckpointError)
      }),
    )
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 8 * file.length - 1 }), async bit => {
        const flipped = file.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        await expect(decode(flipped)).rejects.toThrow(/a file: it is cut short or was changed/)
      }),
    )
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), async more => {
        await expect(decode(Uint8Array.from([...file, ...more]))).rejects.toThrow(CheckpointError)
      }),
    )
  })

  test('that another program made, with the right digest, is refused for what it lacks', async () => {
    const metadata = (of: unknown) => ({ tabtune: JSON.stringify(of) })
    const whole = { format: 1, ...place }
    const cases: [Record<string, string>, string][] = [
      [{}, 'it has no metadata'],
      [{ tabtune: '{' }, 'its metadata is no JSON'],
      [metadata([]), 'it has no metadata'],
      [metadata({ ...whole, format: 2 }), 'its format is 2, this version reads 1'],
      [metadata({ ...whole, step: -1 }), 'it does not say where it stands'],
      [metadata({ ...whole, tokens: 1.5 }), 'it does not say where it stands'],
      [metadata({ ...whole, fingerprint: null }), 'it does not say what it belongs to'],
      [metadata({ ...whole, fingerprint: { a: 1 } }), 'it does not say what it belongs to'],
      [metadata({ ...whole, version: 3 }), 'which version wrote it'],
    ]
    for (const [given, message] of cases) {
      const file = await signed(writeSafetensors([], given))
      await expect(decode(file), message).rejects.toThrow(message)
    }
  })

  test('whose digest is right is read or refused, whatever its bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.json(), async (bytes, json) => {
        for (const content of [bytes, layout(json), layout(`{"a":${json}}`)]) {
          const error = await decode(await signed(content as Uint8Array<ArrayBuffer>)).catch(caught => caught)
          expect(error).toBeInstanceOf(CheckpointError)
        }
      }),
    ))
})

const hex = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('')
const sha256 = async (bytes: Uint8Array<ArrayBuffer>) => hex(await crypto.subtle.digest('SHA-256', bytes))

/** Adds the digest's tensor to a file's header, where it has one, and the digest. */
async function signed(file: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const text = new TextDecoder().decode(file.slice(8)).trimEnd()
  const entry = '"sha256":{"dtype":"U8","shape":[64],"data_offsets":[0,64]}'
  const isHeader = text.endsWith('}')
  const joint = text === '{}' ? '' : ','
  const content = isHeader ? layout(`${text.slice(0, -1)}${joint}${entry}}`) : file
  const digest = await sha256(new TextEncoder().encode(await sha256(content)))
  return Uint8Array.from([...content, ...new TextEncoder().encode(digest)])
}

const layout = (header: string) => headed(header, 0)

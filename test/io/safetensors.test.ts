import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ByteSource } from '../../src/io/byte-source'
import { openSafetensors, SafetensorsError, writeSafetensors } from '../../src/io/safetensors'
import official from '../fixtures/safetensors.json'
import { bitsOf, fromBase64, layout, sourceOf } from './bytes'

const open = (bytes: Uint8Array<ArrayBuffer>) => openSafetensors(sourceOf(bytes), 'w.safetensors')

test('a file by the official library gives its values, bit for bit', async () => {
  const file = await open(fromBase64(official.file))
  expect(file.metadata).toEqual({ format: 'pt', 'made by': 'safetensors' })
  expect([...file.tensors.keys()].sort()).toEqual([...Object.keys(official.tensors), 'ids'].sort())
  for (const [name, { shape, bits }] of Object.entries(official.tensors)) {
    expect(file.tensors.get(name)!.shape).toEqual(shape)
    expect(bitsOf(await file.read(name))).toEqual(bits)
  }
  expect(file.tensors.get('bf16')!.dtype).toBe('BF16')
  await expect(file.read('ids')).rejects.toThrow("w.safetensors: tensor 'ids' has type I64")
  await expect(file.read('none')).rejects.toThrow(SafetensorsError)
})

test('only the header is read on opening, and only the tensor asked for after that', async () => {
  const bytes = writeSafetensors([
    ['a', { shape: [1000], data: new Float32Array(1000) }],
    ['b', { shape: [2], data: Float32Array.of(3, 4) }],
  ])
  const reads: number[] = []
  const inner = sourceOf(bytes)
  const source: ByteSource = {
    size: inner.size,
    read: (begin, end) => {
      reads.push(end - begin)
      return inner.read(begin, end)
    },
  }
  const file = await openSafetensors(source)
  expect(Array.from(await file.read('b'))).toEqual([3, 4])
  expect(reads).toEqual([8, bytes.length - 8 - 4008, 8])
})

test('rows of a tensor are those of the whole, and only their bytes are read', async () => {
  const bytes = fromBase64(official.file)
  const reads: [number, number][] = []
  const inner = sourceOf(bytes)
  const file = await openSafetensors({
    size: inner.size,
    read: (begin, end) => {
      reads.push([begin, end])
      return inner.read(begin, end)
    },
  })
  for (const [name, { shape }] of Object.entries(official.tensors)) {
    if (shape.length === 0) {
      await expect(file.readRows(name, 0, 1)).rejects.toThrow(`tensor '${name}' is a single value`)
      continue
    }
    const whole = bitsOf(await file.read(name))
    const rows = shape[0]!
    const width = whole.length / rows
    const { begin: at, end: until } = file.tensors.get(name)!
    for (let begin = 0; begin <= rows; begin++)
      for (let end = begin; end <= rows; end++) {
        expect(bitsOf(await file.readRows(name, begin, end))).toEqual(whole.slice(begin * width, end * width))
        const rowBytes = rows === 0 ? 0 : (until - at) / rows
        expect(reads.at(-1)).toEqual([at + begin * rowBytes, at + end * rowBytes])
      }
    for (const [begin, end] of [
      [0, rows + 1],
      [-1, 0],
      [1, 0],
      [0, 0.5],
      [0, Number.NaN],
    ] as const)
      await expect(file.readRows(name, begin, end)).rejects.toThrow(/rows .* were asked for, it has/)
  }
  await expect(file.readRows('ids', 0, 1)).rejects.toThrow(/'ids' has type I64/)
  await expect(file.readRows('none', 0, 1)).rejects.toThrow(SafetensorsError)
})

const f32 = (begin: number, end: number, shape: string | number = (end - begin) / 4) =>
  `{"dtype":"F32","shape":[${shape}],"data_offsets":[${begin},${end}]}`

describe('accepted', () => {
  test.each<[string, string, number, string[]]>([
    ['no tensors', '{}', 0, []],
    ['trailing spaces', '{}      ', 0, []],
    ['out of order', `{"b":${f32(8, 12)},"a":${f32(0, 8)}}`, 12, ['b', 'a']],
    ['empty tensors', `{"e":${f32(4, 4)},"a":${f32(0, 4)},"z":${f32(0, 0)}}`, 4, ['e', 'a', 'z']],
    ['a zero beside huge sizes', `{"a":${f32(0, 0, `${Array(40).fill(2 ** 40)},0`)}}`, 0, ['a']],
    [
      'names of the prototype',
      `{"__proto__":${f32(0, 4)},"constructor":${f32(4, 8)}}`,
      8,
      ['__proto__', 'constructor'],
    ],
    ['unknown fields', '{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3],"note":{}}}', 3, ['a']],
    ['half bytes that fill whole ones', '{"a":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]}}', 3, ['a']],
  ])('%s', async (_, header, dataSize, names) => {
    const file = await open(layout(header, dataSize))
    expect([...file.tensors.keys()]).toEqual(names)
    for (const name of names) {
      const entry = file.tensors.get(name)!
      if (entry.dtype === 'F32') expect((await file.read(name)).byteLength).toBe(entry.end - entry.begin)
    }
  })

  test('metadata keys of the prototype are keys like any other', async () => {
    const { metadata } = await open(layout('{"__metadata__":{"__proto__":"x","a":"b"}}', 0))
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'x'],
      ['a', 'b'],
    ])
    expect(metadata.toString).toBeUndefined()
  })
})

describe('refused, with the file and the tensor named', () => {
  const entry = (fields: string) => `{"t":{${fields}}}`
  test.each<[string, Uint8Array<ArrayBuffer>, RegExp]>([
    ['an empty file', new Uint8Array(0), /0 bytes are too few/],
    ['seven bytes', new Uint8Array(7), /7 bytes are too few/],
    ['header length 0', layout('{}', 0, 0n), /header length is 0/],
    ['header longer than the file', layout('{}', 0, 3n), /header length is 3, but the file has 10 bytes/],
    ['header beyond the limit', layout('{}', 0, 100_000_001n), /at most 100000000 is allowed/],
    ['header length 2^64 − 1', layout('{}', 0, 2n ** 64n - 1n), /at most 100000000 is allowed/],
    ['header not JSON', layout('{"a":', 0), /the header is not JSON/],
    ['header not UTF-8', layout(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 0), /not valid UTF-8/],
    ['header an array', layout('[]', 0), /does not begin with '{'/],
    ['white space before the header', layout(' {}', 0), /does not begin with '{'/],
    ['a name twice', layout(`{"a":${f32(0, 4)},"a":${f32(0, 4)}}`, 4), /key 'a' twice/],
    ['a name twice, once escaped', layout(`{"a":${f32(0, 4)},"\\u0061":${f32(0, 4)}}`, 4), /key 'a' twice/],
    [
      'a field twice',
      layout(entry('"dtype":"F32","dtype":"I32","shape":[],"data_offsets":[0,4]'), 4),
      /'dtype' twice/,
    ],
    [
      'metadata not of strings',
      layout('{"__metadata__":{"a":1}}', 0),
      /__metadata__ is not an object of strings/,
    ],
    ['metadata a list', layout('{"__metadata__":["a"]}', 0), /__metadata__ is not/],
    ['an entry null', layout('{"t":null}', 0), /tensor 't': the entry is not an object/],
    [
      'an unknown type',
      layout(entry('"dtype":"F7","shape":[1],"data_offsets":[0,4]'), 4),
      /'t': the type "F7"/,
    ],
    [
      'a type of the prototype',
      layout(entry('"dtype":"toString","shape":[1],"data_offsets":[0,4]'), 4),
      /'t': the type/,
    ],
    ['no type', layout(entry('"shape":[1],"data_offsets":[0,4]'), 4), /'t': the type undefined/],
    ['no shape', layout(entry('"dtype":"F32","data_offsets":[0,4]'), 4), /'t': the shape undefined/],
    [
      'a negative size',
      layout(entry('"dtype":"F32","shape":[-1],"data_offsets":[0,4]'), 4),
      /'t': the shape \[-1\]/,
    ],
    [
      'half a size',
      layout(entry('"dtype":"F32","shape":[0.5],"data_offsets":[0,2]'), 2),
      /'t': the shape \[0.5\]/,
    ],
    [
      'sizes past 2^53',
      layout(`{"t":${f32(0, 4, '4294967296,4294967296')}}`, 4),
      /'t': the shape .* too large/,
    ],
    [
      'sizes past infinity',
      layout(
        `{"t":${f32(
          0,
          4,
          Array(40)
            .fill(2 ** 40)
            .join(),
        )}}`,
        4,
      ),
      /'t': the shape .* too large/,
    ],
    [
      'a shape of fewer bytes',
      layout(`{"t":${f32(0, 8, 1)}}`, 8),
      /'t': F32 of shape \[1\] takes 4 bytes.* give 8/,
    ],
    [
      'half a byte',
      layout(entry('"dtype":"F4","shape":[3],"data_offsets":[0,1]'), 1),
      /'t': F4 .* takes 1.5 bytes/,
    ],
    [
      'negative offsets',
      layout(entry('"dtype":"F32","shape":[1],"data_offsets":[-4,0]'), 4),
      /'t': the data offsets \[-4,0\]/,
    ],
    [
      'offsets not whole',
      layout(entry('"dtype":"F32","shape":[1],"data_offsets":[0,4.5]'), 5),
      /'t': the data offsets/,
    ],
    [
      'offsets as text',
      layout(entry('"dtype":"F32","shape":[1],"data_offsets":["0","4"]'), 4),
      /'t': the data offsets/,
    ],
    [
      'offsets backwards',
      layout(entry('"dtype":"F32","shape":[1],"data_offsets":[4,0]'), 4),
      /'t': the data offsets/,
    ],
    [
      'three offsets',
      layout(entry('"dtype":"F32","shape":[1],"data_offsets":[0,4,4]'), 4),
      /'t': the data offsets/,
    ],
    ['an end past the file', layout(`{"t":${f32(0, 8)}}`, 4), /'t' ends at byte .* the file has/],
    ['overlapping tensors', layout(`{"a":${f32(0, 8)},"t":${f32(4, 12)}}`, 12), /'t' overlaps/],
    ['two tensors in one place', layout(`{"a":${f32(0, 4)},"t":${f32(0, 4)}}`, 4), /'t' overlaps/],
    ['a hole', layout(`{"a":${f32(0, 4)},"t":${f32(8, 12)}}`, 12), /'t' leaves 4 unused bytes/],
    ['a hole at the start', layout(`{"t":${f32(4, 8)}}`, 8), /'t' leaves 4 unused bytes/],
    ['bytes after the end', layout(`{"t":${f32(0, 4)}}`, 5), /1 bytes after the last tensor/],
  ])('%s', async (_, bytes, message) => {
    const error = await open(bytes).then(
      () => null,
      caught => caught,
    )
    expect(error).toBeInstanceOf(SafetensorsError)
    expect(error.message).toMatch(message)
    expect(error.message).toMatch(/^w\.safetensors: /)
  })
})

const tensorArbitrary = fc.array(fc.nat(5), { maxLength: 4 }).chain(shape =>
  fc
    .array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), {
      minLength: shape.reduce((a, b) => a * b, 1),
      maxLength: shape.reduce((a, b) => a * b, 1),
    })
    .map(bits => ({ shape, data: new Float32Array(Int32Array.from(bits).buffer) })),
)
const names = fc.string({ unit: 'binary', maxLength: 12 }).filter(name => name !== '__metadata__')
const files = fc.record({
  tensors: fc.uniqueArray(fc.tuple(names, tensorArbitrary), { selector: ([name]) => name, maxLength: 6 }),
  metadata: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 3 }),
})

describe('written files', () => {
  test('read back bit for bit, whatever the values, names and order', async () => {
    await fc.assert(
      fc.asyncProperty(files, async ({ tensors, metadata }) => {
        const bytes = writeSafetensors(tensors, metadata)
        expect(writeSafetensors([...tensors].reverse(), metadata)).toEqual(bytes)
        expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0)
        const file = await open(bytes)
        expect(Object.entries(file.metadata).sort()).toEqual(Object.entries(metadata).sort())
        expect([...file.tensors.keys()].sort()).toEqual(tensors.map(([name]) => name).sort())
        for (const [name, { shape, data }] of tensors) {
          expect(file.tensors.get(name)!.shape).toEqual(shape)
          expect(bitsOf(await file.read(name))).toEqual(bitsOf(data))
        }
      }),
    )
  })

  test('have the layout of the format', () => {
    const bytes = writeSafetensors([
      ['b', { shape: [], data: Float32Array.of(1) }],
      ['a', { shape: [1, 2], data: new Float32Array(Float32Array.of(9, 2, 3).buffer, 4) }],
    ])
    const header =
      '{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}'
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
    expect(bytes.length).toBe(8 + padded.length + 12)
    expect(new TextDecoder().decode(bytes.slice(8, 8 + padded.length))).toBe(padded)
    expect(Array.from(new Float32Array(bytes.slice(8 + padded.length).buffer))).toEqual([2, 3, 1])
  })

  const one = { shape: [1], data: Float32Array.of(1) }
  test.each<[string, [string, { shape: number[]; data: Float32Array }][], RegExp]>([
    [
      'a name given twice',
      [
        ['a', one],
        ['b', one],
        ['a', one],
      ],
      /'a' is given twice/,
    ],
    ['the name of the metadata', [['__metadata__', one]], /cannot be called '__metadata__'/],
    ['a shape of another size', [['a', { ...one, shape: [2] }]], /'a': shape \[2\] does not hold 1 values/],
    ['a size that is not whole', [['a', { ...one, shape: [2, 0.5] }]], /'a': shape/],
    ['half a surrogate pair', [['\ud800', one]], /not well-formed Unicode/],
  ])('refuse %s', (_, tensors, message) => {
    expect(() => writeSafetensors(tensors)).toThrow(SafetensorsError)
    expect(() => writeSafetensors(tensors)).toThrow(message)
  })
})

describe('broken bytes give a result or a SafetensorsError', () => {
  /** Opens the bytes and reads every tensor, through a source that refuses ranges outside them. */
  async function survives(bytes: Uint8Array<ArrayBuffer>) {
    try {
      const file = await open(bytes)
      for (const [name, { begin, end, dtype }] of file.tensors) {
        expect(end - begin).toBeLessThanOrEqual(bytes.length)
        if (['F32', 'F16', 'BF16'].includes(dtype)) await file.read(name)
      }
    } catch (error) {
      if (!(error instanceof SafetensorsError)) throw error
    }
  }

  test('flipped bytes in a good file', async () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(files, flips, async ({ tensors, metadata }, changes) => {
        const bytes = writeSafetensors(tensors, metadata)
        const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))
        for (const [at, mask] of changes) bytes[at % header]! ^= mask
        await survives(bytes)
      }),
      { numRuns: 1000 },
    )
  })

  test('characters of JSON put in place of others', async () => {
    const good = writeSafetensors([
      ['a', { shape: [2, 3], data: new Float32Array(6) }],
      ['b', { shape: [1], data: new Float32Array(1) }],
    ])
    const header = 8 + Number(new DataView(good.buffer).getBigUint64(0, true))
    const change = fc.tuple(
      fc.integer({ min: 8, max: header - 1 }),
      fc.constantFrom(...'0123456789-.eE"{}[],: \\ntFBx'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
        const bytes = good.slice()
        for (const [at, char] of changes) bytes[at] = char.charCodeAt(0)
        await survives(bytes)
      }),
      { numRuns: 2000 },
    )
  })

  test('any header that is JSON', async () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.constant(null),
      fc.constantFrom(0, 4, 2 ** 53, 1e308),
    )
    const list = fc.array(fc.oneof(value, fc.nat(8)), { maxLength: 4 })
    const entry = fc.record(
      {
        dtype: fc.oneof(value, fc.constantFrom('F32', 'F16', 'I64', 'F4')),
        shape: fc.oneof(value, list),
        data_offsets: fc.oneof(value, list),
      },
      { requiredKeys: [] },
    )
    const header = fc.dictionary(fc.oneof(names, fc.constant('__metadata__')), fc.oneof(entry, value))
    await fc.assert(
      fc.asyncProperty(header, fc.nat(64), (content, size) =>
        survives(layout(JSON.stringify(content), size)),
      ),
      { numRuns: 1000 },
    )
  })

  test('random bytes, and every prefix of a good file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), bytes => survives(new Uint8Array(bytes))),
    )
    const good = fromBase64(official.file)
    for (let size = 0; size < good.length; size++)
      await expect(open(good.slice(0, size))).rejects.toThrow(SafetensorsError)
  })
})

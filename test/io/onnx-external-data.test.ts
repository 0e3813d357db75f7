import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { externalDataFiles } from '../../src/io/onnx-external-data'
import { OnnxError } from '../../src/io/onnx-runtime'
import causal from '../fixtures/onnx-causal.json'
import encoder from '../fixtures/onnx-encoder.json'
import { fromBase64 } from './bytes'
import { externalEntry as entry, part, text } from './onnx-bytes'

const files = (...bytes: readonly number[]) => externalDataFiles(Uint8Array.from(bytes), 'm.onnx')

describe('externalDataFiles', () => {
  test('finds the files of exported models, each once', () => {
    for (const graph of ['onnx', 'with-past', 'lookup'] as const)
      expect(externalDataFiles(fromBase64(causal.files[`${graph}/model.onnx`]), graph)).toEqual([
        'model.onnx_data',
      ])
    expect(externalDataFiles(fromBase64(encoder.files['onnx/model.onnx']), 'bert')).toEqual([])
  })

  test('looks into constants, branches and functions', () => {
    const tensor = (location: string) => [
      ...text(8, 'w'),
      ...entry('location', location),
      ...entry('offset', '0'),
    ]
    // Constant: a node (1) with an attribute (5) that is a tensor (5).
    const constant = part(1, ...part(5, ...part(5, ...tensor('a'))))
    // If: a node with an attribute that is a graph (6) with an initializer (5).
    const branch = part(1, ...part(5, ...part(6, ...part(5, ...tensor('b')))))
    const own = part(5, ...tensor('c'))
    const inFunction = part(25, ...part(7, ...part(5, ...part(5, ...tensor('d')))))
    expect(files(...part(7, ...constant, ...branch, ...own), ...inFunction)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('says of what is no model where it stops being one', () => {
    const say =
      (...bytes: readonly number[]) =>
      () =>
        files(...bytes)
    expect(say()).toThrow(new OnnxError('m.onnx: this is no ONNX model: it holds no graph'))
    const broken = 'm.onnx: this is no ONNX model, or a part of one'
    expect(say(58, 0, 58)).toThrow(`${broken}: a number is cut off at byte 3`)
    expect(say(58, 9, 1)).toThrow(`${broken}: a field of 9 bytes where 1 are left at byte 0`)
    expect(say(3)).toThrow(`${broken}: a field without a number at byte 0`)
    expect(say(59)).toThrow(`${broken}: a field of the unknown type 3 at byte 0`)
    expect(say(8, ...new Array(11).fill(255))).toThrow(
      `${broken}: a number has more than ten bytes at byte 11`,
    )
    // A graph in an attribute of a node in a graph, and so on.
    let deep: number[] = []
    for (let i = 0; i < 70; i++) deep = part(1, ...part(5, ...part(6, ...deep)))
    expect(say(...part(7, ...deep))).toThrow('parts more than 200 deep')
  })

  test('of changed or cut models gives files or an OnnxError, and never hangs', () => {
    const model = fromBase64(causal.files['with-past/model.onnx'])
    const read = (bytes: Uint8Array) => {
      try {
        expect(externalDataFiles(bytes, 'm').every(name => typeof name === 'string')).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(OnnxError)
      }
    }
    const place = fc.nat(model.length - 1)
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 4 }), place, (changes, end) => {
        const bytes = model.slice(0, end % 7 === 0 ? end : model.length)
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        read(bytes)
      }),
      { numRuns: 1000 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), read), { numRuns: 10_000 })
  })
})

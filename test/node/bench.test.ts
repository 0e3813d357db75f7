import { InferenceSession, Tensor } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { commonDefaults, readOptions } from '../../bench/harness/options'
import { randomNumbers } from '../../bench/harness/random-numbers'
import { markdownTable } from '../../bench/harness/table'
import { type BlockComparer, selectInBlocks } from '../../bench/peers/in-blocks'
import { onnxModel } from '../../bench/peers/onnx-model'
import { plainLoop, unrolledLoop } from '../../bench/peers/plain-loop'
import { reference } from '../../bench/peers/reference'
import { type Rows, selectionRows } from '../../bench/selection-rows'

const options = { count: 1500, dimensions: 50, threshold: 0.9, seed: 7 }
const rows = selectionRows(options)
const row = ({ values, dimensions }: Rows, i: number) => values.subarray(i * dimensions, (i + 1) * dimensions)

const bytes = ({ buffer }: Float32Array) => Buffer.from(buffer)

function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0
  for (let e = 0; e < x.length; e++) sum += x[e]! * y[e]!
  return sum
}

describe('rows to select from', () => {
  it('are the same for the same seed, and others for another', () => {
    const again = selectionRows(options)
    expect(Buffer.compare(bytes(again.values), bytes(rows.values))).toBe(0)
    expect(again.scores).toEqual(rows.scores)
    const other = selectionRows({ ...options, seed: 8 })
    expect(Buffer.compare(bytes(other.values), bytes(rows.values))).not.toBe(0)
  })

  it('have unit length, and unrelated ones are nearly at right angles', () => {
    for (let i = 0; i < rows.count; i++) expect(dot(row(rows, i), row(rows, i))).toBeCloseTo(1, 6)
    const cosines = Array.from({ length: 700 }, (_, i) => dot(row(rows, i), row(rows, i + 700)))
    const square = cosines.reduce((sum, cosine) => sum + cosine * cosine, 0) / cosines.length
    // 50 coordinates of variance 1 / (d + 16) have cosines of about 0.15.
    expect(Math.sqrt(square)).toBeGreaterThan(0.1)
    expect(Math.sqrt(square)).toBeLessThan(0.25)
  })

  it('may have a direction in common', () => {
    const tilted = selectionRows({ ...options, common: 0.4 })
    const cosines = Array.from({ length: 700 }, (_, i) => dot(row(tilted, i), row(tilted, i + 700)))
    const mean = cosines.reduce((a, b) => a + b) / cosines.length
    expect(mean).toBeGreaterThan(0.3)
    expect(mean).toBeLessThan(0.45)
    expect(reference(tilted, { budget: 1500, threshold: 0.9 }).closest).toBeGreaterThan(1e-4)
  })

  it('hold copies and near-duplicates, of which none lies at the threshold', () => {
    const { kept, visited, closest } = reference(rows, { budget: rows.count, threshold: 0.9 })
    expect(visited).toBe(rows.count)
    // 0.6 of the rows are variants, 0.6 of those above the threshold of their leader.
    expect(kept.length).toBeGreaterThan(0.5 * rows.count)
    expect(kept.length).toBeLessThan(0.8 * rows.count)
    expect(closest).toBeGreaterThan(1e-4)
    const copies = new Set(Array.from({ length: rows.count }, (_, i) => row(rows, i).join()))
    expect(rows.count - copies.size).toBeGreaterThan(0.02 * rows.count)
  })
})

describe('peers', () => {
  const settings = { budget: 500, threshold: 0.9 }
  const { kept, closest } = reference(rows, settings)

  it.each([plainLoop(), unrolledLoop()])('$name selects what the reference selects', async peer => {
    expect(closest).toBeGreaterThan(1e-4)
    expect(await peer.select(rows, settings)).toEqual(kept)
  })

  it.each([1, 7, 256])('blocks of %i rows make no difference', async size => {
    const bank: Float32Array[] = []
    const split = (block: Float32Array) =>
      Array.from({ length: block.length / 50 }, (_, i) => block.slice(i * 50, (i + 1) * 50))
    const onHost: BlockComparer = {
      async compare(block) {
        const own = split(block)
        return {
          dead: own.map(x => (bank.some(y => dot(x, y) > 0.9) ? 1 : 0)),
          within: own.flatMap(x => own.map(y => dot(x, y) - 0.9)),
        }
      },
      append: (block, places) => bank.push(...places.map(i => split(block)[i]!)),
    }
    expect(await selectInBlocks(rows, settings, size, onHost)).toEqual(kept)
  })
})

it('writes models that ONNX Runtime reads', async () => {
  const model = onnxModel(
    [
      { op: 'MatMul', inputs: ['x', 'y'], outputs: ['xy'] },
      { op: 'ReduceMax', inputs: ['xy'], outputs: ['best'], attributes: { axes: [0], keepdims: 0 } },
    ],
    [
      { name: 'x', shape: ['N', 'E'] },
      { name: 'y', shape: ['E', 300] },
    ],
    [{ name: 'best', shape: [300] }],
  )
  const session = await InferenceSession.create(model)
  const values = Float32Array.from({ length: 600 }, (_, i) => i % 7)
  const { best } = await session.run({
    x: new Tensor('float32', Float32Array.of(1, 2, -3, 1, 0, 1), [3, 2]),
    y: new Tensor('float32', values, [2, 300]),
  })
  const wanted = Array.from({ length: 300 }, (_, i) => {
    const [a, b] = [values[i]!, values[300 + i]!]
    return Math.max(a + 2 * b, b - 3 * a, b)
  })
  expect(Array.from(best!.data as Float32Array)).toEqual(wanted)
})

describe('the harness', () => {
  it('draws numbers from a seed', () => {
    const random = randomNumbers(3)
    const normal = Array.from({ length: 20_000 }, random.normal)
    const mean = normal.reduce((a, b) => a + b) / normal.length
    const variance = normal.reduce((sum, x) => sum + (x - mean) ** 2, 0) / normal.length
    // Four standard errors: 4 / √20000 and 4 √(2 / 20000).
    expect(Math.abs(mean)).toBeLessThan(0.029)
    expect(Math.abs(variance - 1)).toBeLessThan(0.04)
    expect([...random.permutation(100)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    )
    expect(randomNumbers(3).uniform()).not.toBe(randomNumbers(4).uniform())
  })

  it('reads options by their defaults', () => {
    const defaults = { rows: 5, peers: 'all', check: true }
    expect(readOptions([], defaults)).toEqual({ ...defaults, ...commonDefaults })
    const words = ['--rows', '1e6', '--peers', 'none', '--no-check', '--json', '--out', 'a.json']
    expect(readOptions(words, defaults)).toEqual({
      rows: 1e6,
      ...commonDefaults,
      peers: 'none',
      check: false,
      json: true,
      out: 'a.json',
    })
    expect(() => readOptions(['--rows', 'many'], defaults)).toThrow('--rows is many, expected a number')
    expect(() => readOptions(['--row', '3'], defaults)).toThrow("'--row'")
  })

  it('prints tables with numbers to the right', () => {
    const table = markdownTable([
      { name: 'a', seconds: 12.5 },
      { name: 'longer', seconds: 3 },
    ])
    expect(table).toBe(
      ['| name   | seconds |', '| ------ | ------: |', '| a      |    12.5 |', '| longer |       3 |'].join(
        '\n',
      ),
    )
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { attentionExpected } from '../../../bench/attention-reference'
import type { Arrays, Contender } from '../../../bench/harness/contender'
import { type Case, contest, fastest } from '../../../bench/harness/contest'
import { namesIn, numbersIn } from '../../../bench/harness/lists'
import { placesNamed } from '../../../bench/harness/options'
import { randomNumbers } from '../../../bench/harness/random-numbers'
import { normals, sampledError } from '../../../bench/harness/reference'
import { lines, resultOf } from '../../../bench/harness/results'
import { median, quantile, significant } from '../../../bench/harness/statistics'
import { adapterSlug } from '../../../bench/harness/table'
import { serve } from '../../../bench/harness/web-server'
import { onnxModel } from '../../../bench/peers/onnx-model'

const settings = { rounds: 3, minimum: 1, seed: 1 }
const quiet = () => {}

const doubling: Case = {
  title: 'twice 8',
  flops: 8,
  bytes: 0,
  inputs: random => ({ x: normals(random, [4, 2]) }),
  expected: ({ x }) => ({ y: ([i = 0, j = 0]) => ({ value: 2 * x!.data[i * 2 + j]!, allowed: 1e-6 }) }),
}

/** Multiplies on the host, and tells what it was asked. */
function multiplier(name: string, factor: number, log: string[], slack = 1, delay = 0): Contender {
  let inputs: Arrays = {}
  let outputs: Arrays = {}
  return {
    name,
    version: '1',
    adapter: null,
    how: `times ${factor}`,
    slack,
    load(arrays) {
      log.push(`${name} loads ${arrays.x!.data[0]}`)
      inputs = arrays
    },
    async run(times) {
      for (const end = performance.now() + delay; performance.now() < end; );
      for (let n = 0; n < times; n++) {
        const { shape, data } = inputs.x!
        outputs = { y: { shape, data: Float32Array.from(data, x => x * factor) } }
      }
    },
    read: async () => outputs,
    close: () => void log.push(`${name} closes`),
  }
}

describe('a contest', () => {
  it('gives all contenders the same inputs in a round, other ones in the next, and each the first turn', async () => {
    const log: string[] = []
    const measured = await contest(
      doubling,
      [multiplier('a', 2, log), multiplier('b', 2, log)],
      settings,
      quiet,
    )
    expect(measured.map(one => one.milliseconds.length)).toEqual([3, 3])
    expect(measured.every(({ error }) => error === 0)).toBe(true)
    const values = log.map(line => line.split(' loads '))
    expect(values.map(([name]) => name).join('')).toBe('abbaabba')
    expect(values.map(([, value]) => values.findIndex(([, other]) => other === value))).toEqual([
      0, 0, 2, 2, 4, 4, 6, 6,
    ])
  })

  it('finds a contender that computes something else, by its slack', async () => {
    const contenders = [
      multiplier('right', 2, []),
      multiplier('wrong', 2.001, []),
      multiplier('loose', 2.001, [], 1e5),
    ]
    const [right, wrong, loose] = await contest(doubling, contenders, settings, quiet)
    expect(right!.error).toBe(0)
    expect(wrong!.error).toBeGreaterThan(100)
    expect(loose!.error).toBeLessThan(1)
    expect(loose!.error * 1e5).toBeCloseTo(wrong!.error, 3)
  })

  it('keeps the fastest way of a peer that is right, and closes the others', async () => {
    const log: string[] = []
    const ways = [multiplier('slow', 2, log, 1, 20), multiplier('quick', 2, log), multiplier('wrong', 3, log)]
    const failed: string[] = []
    const best = await fastest(doubling, ways, settings, ({ name }, error) =>
      failed.push(`${name}: ${error}`),
    )
    expect(best?.name).toBe('quick')
    expect(log.filter(line => line.endsWith('closes'))).toEqual(['slow closes', 'wrong closes'])
    expect(failed).toHaveLength(1)
    expect(failed[0]).toMatch(/^wrong: Error: its result is wrong/)
    expect(await fastest(doubling, [multiplier('wrong', 3, [])], settings, quiet)).toBeNull()
  })

  it('is told as lines with ratios to the fastest peer on WebGPU, and to PyTorch', () => {
    const one = (name: string, how: string, milliseconds: number[]) => {
      return { name, version: '', how, milliseconds, batch: 1, error: 0.5 }
    }
    const result = resultOf({ ...doubling, flops: 4e9 }, [
      one('tabtune', 'replayed', [1, 2, 3]),
      one('a', 'x', [4, 4, 4]),
      one('b', 'y', [9, 6, 3]),
      one('PyTorch', 'fp32', [1, 1, 1]),
    ])
    expect(result).toMatchObject({ ratioToBestPeer: 2, ratioToTorch: { fp32: 0.5 } })
    expect(lines(result)[0]).toEqual({
      case: 'twice 8',
      contender: 'tabtune',
      way: 'replayed',
      'median ms': 2,
      'least–most ms': '1–3',
      'GFLOP/s': 2000,
      'of best peer': 2,
      'of PyTorch fp32': 0.5,
      'error of allowed': 0.5,
    })
    expect(
      lines(resultOf({ ...doubling, flops: 0, bytes: 8e6 }, [one('tabtune', '', [2])]))[0],
    ).toMatchObject({
      'GB/s': 4,
    })
  })
})

describe('results', () => {
  const place = ([i = 0, j = 0]: readonly number[]) => ({ value: 10 * i + j, allowed: 0.5 })

  it('are compared by their places', () => {
    const values = { shape: [3, 10], data: Float32Array.from({ length: 30 }, (_, i) => i) }
    expect(sampledError(values, randomNumbers(1), place)).toBe(0)
    values.data[29] = 31
    expect(sampledError(values, randomNumbers(1), place)).toBe(4)
    values.data[0] = Number.NaN
    expect(sampledError(values, randomNumbers(1), place)).toBe(Number.POSITIVE_INFINITY)
  })

  it('have medians and quantiles', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(quantile([0, 10], 0.25)).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it('are shown by the digits that count', () => {
    expect([1234.5, 12.345, 0.0012345, 0, 99.96].map(value => significant(value))).toEqual([
      1235, 12.3, 0.00123, 0, 100,
    ])
    expect(significant(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
  })

  it('are kept by a short name of the adapter', () => {
    expect(adapterSlug('mesa software llvmpipe-llvm-15 llvmpipe: Mesa 25')).toBe('llvmpipe')
    expect(adapterSlug('google swiftshader')).toBe('swiftshader')
    expect(adapterSlug('nvidia hopper NVIDIA H200')).toBe('nvidia-hopper-nvidia-h200')
  })
})

describe('options', () => {
  it('are lists of numbers and names', () => {
    expect(numbersIn('sizes', '512,1e3')).toEqual([512, 1000])
    expect(() => numbersIn('sizes', '512,-1')).toThrow('--sizes has -1')
    expect(namesIn('layouts', 'tn,nn', ['nn', 'nt', 'tn'])).toEqual(['tn', 'nn'])
    expect(namesIn('layouts', 'all', ['nn', 'nt'])).toEqual(['nn', 'nt'])
    expect(() => namesIn('layouts', 'tt', ['nn', 'nt'])).toThrow('expected all or some of nn,nt')
    expect(placesNamed('both')).toEqual(['node', 'chromium'])
    expect(() => placesNamed('firefox')).toThrow('--in is firefox')
  })
})

it('the reference of attention has the gradients of its result', () => {
  const [T, H, G, D] = [5, 4, 2, 3]
  const random = randomNumbers(2)
  const inputs = {
    q: normals(random, [T, H, D]),
    k: normals(random, [T, G, D]),
    v: normals(random, [T, G, D]),
    dy: normals(random, [T, H, D]),
  }
  /** In double precision: f32 inputs would lose what is changed. */
  const loss = (changed: Arrays) => {
    const { y } = attentionExpected(T, H, G, D, changed)
    let sum = 0
    for (let i = 0; i < T * H * D; i++) {
      const place = [Math.floor(i / (H * D)), Math.floor(i / D) % H, i % D]
      sum += y!(place).value * inputs.dy.data[i]!
    }
    return sum
  }
  const expected = attentionExpected(T, H, G, D, inputs)
  const step = 2 ** -8
  for (const [name, heads] of [
    ['q', H],
    ['k', G],
    ['v', G],
  ] as const) {
    for (let i = 0; i < T * heads * D; i++) {
      const moved = (by: number) => {
        const data = Float32Array.from(inputs[name].data)
        data[i]! = Math.fround(data[i]! + by)
        return { data, arrays: { ...inputs, [name]: { ...inputs[name], data } } }
      }
      const [up, down] = [moved(step), moved(-step)]
      const slope = (loss(up.arrays) - loss(down.arrays)) / (up.data[i]! - down.data[i]!)
      const place = [Math.floor(i / (heads * D)), Math.floor(i / D) % heads, i % D]
      expect(expected[`d${name}`]!(place).value).toBeCloseTo(slope, 3)
    }
  }
})

it('writes constants, numbers with a point and other domains into ONNX models', async () => {
  const model = onnxModel(
    [
      {
        op: 'LayerNormalization',
        inputs: ['x', 'w'],
        outputs: ['y'],
        attributes: { axis: 1, epsilon: { float: 2 } },
      },
      { op: 'Gather', inputs: ['y', 'ids'], outputs: ['rows'], attributes: { axis: 0 } },
      { op: 'Gelu', domain: 'com.microsoft', inputs: ['rows'], outputs: ['z'] },
      { op: 'ReduceSum', inputs: ['z', 'last'], outputs: ['sums'], attributes: { keepdims: 0 } },
    ],
    [
      { name: 'x', shape: [2, 2] },
      { name: 'ids', shape: [3], type: 'int32' },
    ],
    [
      { name: 'rows', shape: [3, 2] },
      { name: 'sums', shape: [3] },
    ],
    {
      constants: [
        { name: 'w', type: 'float32', shape: [2], values: [1, 0.5] },
        { name: 'last', type: 'int64', shape: [1], values: [1] },
      ],
      opset: 17,
    },
  )
  const session = await InferenceSession.create(model)
  const { rows, sums } = await session.run({
    x: new Tensor('float32', Float32Array.of(1, -1, 3, -3), [2, 2]),
    ids: new Tensor('int32', Int32Array.of(1, 0, 1), [3]),
  })
  const [small, large] = [1 / Math.sqrt(3), 3 / Math.sqrt(11)]
  const wanted = [large, -large / 2, small, -small / 2, large, -large / 2]
  for (const [i, value] of Array.from(rows!.data as Float32Array).entries()) {
    expect(value).toBeCloseTo(wanted[i]!, 5)
  }
  // Gelu(x) + Gelu(−x/2) of 0.9045 and of 0.5774, by the error function.
  const totals = Array.from(sums!.data as Float32Array)
  expect(totals[0]).toBeCloseTo(0.5917, 3)
  expect(totals[1]).toBeCloseTo(0.30267, 3)
})

it('serves its page and files, parts of them too, and nothing beside', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-site-'))
  writeFileSync(join(folder, 'index.html'), 'a page')
  const site = await serve(folder, '.')
  try {
    const page = await fetch(site.url)
    expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(await page.text()).toBe('a page')
    const part = await fetch(new URL('/files/package.json', site.url), { headers: { range: 'bytes=0-3' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toMatch(/^bytes 0-3\/\d+$/)
    expect(await part.text()).toBe('{\n  ')
    const outside = await fetch(new URL('/files/..%2f..%2fetc/hostname', site.url))
    expect(outside.status).toBe(404)
  } finally {
    await site.close()
    rmSync(folder, { recursive: true })
  }
})

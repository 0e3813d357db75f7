import { describe, expect, test } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { ShapeError } from '../../src/gpu/errors'
import { bindDims, defineKernel, packParams, read, write } from '../../src/gpu/kernel'
import type { Tensor } from '../../src/gpu/tensor'

const mix = defineKernel({
  name: 'mix',
  code: [],
  params: { C: 'u32', eps: 'f32' },
  bindings: {
    x: read('vec4f', 'N C'),
    w: read('f32', 'C'),
    ids: read('u32', 'N'),
    ranges: read('u32', 'N 4'),
    one: read('f32', '1'),
    y: write('f32', 'N C'),
  },
  workgroups: ({ N }) => [N],
})

const gpu = dryGpu()
const fitting = () => ({
  x: gpu.tensor([3, 8]),
  w: gpu.tensor([8]),
  ids: gpu.empty([3], 'u32'),
  ranges: gpu.empty([3, 4], 'u32'),
  one: gpu.tensor([1]),
  y: gpu.tensor([3, 8]),
})

describe('bindDims', () => {
  test('gives the size of every axis', () => {
    expect(bindDims(mix, fitting())).toMatchObject({ N: 3, C: 8 })
  })

  test('takes axes of size 0', () => {
    const none = { x: gpu.tensor([0, 8]), ids: gpu.empty([0], 'u32'), ranges: gpu.empty([0, 4], 'u32') }
    expect(bindDims(mix, { ...fitting(), ...none, y: gpu.tensor([0, 8]) })).toMatchObject({ N: 0, C: 8 })
  })

  const disposed = () => {
    const tensor = gpu.tensor([8])
    tensor[Symbol.dispose]()
    return tensor
  }
  const viewOfDisposed = () => {
    const tensor = gpu.tensor([2, 4])
    const view = tensor.view([8])
    tensor[Symbol.dispose]()
    return view
  }

  test.for<[string, Partial<Record<string, Tensor | undefined>>, string]>([
    ['too few axes', { y: gpu.tensor([24]) }, 'mix: y has shape [24], expected 2 axes [N, C]'],
    ['too many axes', { w: gpu.tensor([1, 8]) }, 'mix: w has shape [1, 8], expected 1 axes [C]'],
    ['another size', { w: gpu.tensor([9]) }, 'mix: w has shape [9], expected [C] with C = 8 as in x'],
    [
      'another size of the second axis',
      { y: gpu.tensor([3, 7]) },
      'mix: y has shape [3, 7], expected [N, C] with C = 8 as in x',
    ],
    [
      'a fixed axis of another size',
      { ranges: gpu.empty([3, 5], 'u32') },
      'mix: ranges has shape [3, 5], expected [N, 4]',
    ],
    ['a fixed only axis of another size', { one: gpu.tensor([2]) }, 'mix: one has shape [2], expected [1]'],
    ['another element type', { ids: gpu.tensor([3]) }, 'mix: ids holds f32, expected u32'],
    ['another type than fours of f32', { x: gpu.empty([3, 8], 'i32') }, 'mix: x holds i32, expected f32'],
    ['nothing', { w: undefined }, 'mix: w is missing'],
    ['a disposed tensor', { w: disposed() }, 'mix: w was disposed before it was used'],
    ['a view of a disposed tensor', { w: viewOfDisposed() }, 'mix: w was disposed before it was used'],
  ])('refuses %s', ([, wrong, message]) => {
    const tensors = { ...fitting(), ...wrong } as ReturnType<typeof fitting>
    expect(() => bindDims(mix, tensors)).toThrow(new ShapeError(message))
    expect(() => gpu.run(mix, tensors, { eps: 0 })).toThrow(ShapeError)
  })
})

describe('packParams', () => {
  test('lays fields out in their order, little-endian, four bytes each', () => {
    const into = new DataView(new ArrayBuffer(24))
    packParams({ n: 'u32', scale: 'f32', shift: 'i32' }, { shift: -2, scale: 0.5, n: 4294967295 }, into, 8)
    expect([into.getUint32(8, true), into.getFloat32(12, true), into.getInt32(16, true)]).toEqual([
      4294967295, 0.5, -2,
    ])
    expect([into.getUint32(0), into.getUint32(4), into.getUint32(20)]).toEqual([0, 0, 0])
  })

  test('refuses a parameter without a value', () => {
    const into = new DataView(new ArrayBuffer(8))
    expect(() => packParams({ C: 'u32', eps: 'f32' }, { C: 1 }, into, 0)).toThrow(
      new ShapeError('parameter eps is missing'),
    )
  })
})

import { describe, expect } from 'vitest'
import { mix } from '../../src/ops/mix'
import { test } from '../gpu'
import { expectClose, expectSame, noise } from '../numbers'
import * as reference from '../reference/mix'

describe('mix', () => {
  test.for([1, 123, 65])('matches the reference at N=%i', async (N, { gpu }) => {
    const [x, y] = [noise(N, 1), noise(N, 2)]
    using from = gpu.tensor([N], x)
    for (const alpha of [0.6, 0]) {
      using to = gpu.tensor([1, N], y)
      mix(gpu, from, to, alpha)
      // Two products and a sum of values up to 1.
      expectClose(await gpu.read(to), reference.mix(x, y, alpha), { atol: 2e-7, rtol: 2e-7 })
    }
    expectSame(await gpu.read(from), x)
  })

  test('copies bit by bit with alpha 1, more than 65535 workgroups too', async ({ gpu }) => {
    const N = 65_537 * 64 + 1
    const x = noise(N, 1)
    using from = gpu.tensor([N], x)
    using to = gpu.tensor([N], noise(N, 2))
    mix(gpu, from, to, 1)
    expectSame(await gpu.read(to), x)
  })

  test('refuses tensors of different sizes', ({ gpu }) => {
    using from = gpu.tensor([3])
    using to = gpu.tensor([4])
    expect(() => mix(gpu, from, to, 0.5)).toThrow('y has shape [4], expected [N] with N = 3 as in x')
  })
})

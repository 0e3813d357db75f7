import { expect } from 'vitest'
import { spoilGradient } from '../../src/ops/spoil-gradient'
import { test } from '../gpu'

test.for([
  [Number.NaN, true],
  [Number.POSITIVE_INFINITY, true],
  [Number.NEGATIVE_INFINITY, true],
  [3.4e38, false],
  [0, false],
] as const)('a value of %f spoils the gradient: %s', async ([value, spoils], { gpu }) => {
  for (const [N, at] of [
    [1, 0],
    [123, 122],
  ] as const) {
    using values = gpu.tensor(
      [N],
      Float32Array.from({ length: N }, (_, n) => (n === at ? value : n)),
    )
    using gradient = gpu.tensor([3], Float32Array.of(1, 2, 3))
    gpu.run(spoilGradient, { values, gradient }, {})
    expect([...(await gpu.read(gradient))]).toEqual([spoils ? Number.NaN : 1, 2, 3])
  }
})

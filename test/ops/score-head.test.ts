import { describe } from 'vitest'
import { scoreHead } from '../../src/ops/score-head'
import { Tape } from '../../src/ops/tape'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/score-head'

describe('score-head', () => {
  test.for([
    { N: 1, C: 4, V: 10, scale: 1 },
    { N: 33, C: 123, V: 40, scale: 1 },
    // Past the prompts of a workgroup.
    { N: 131, C: 36, V: 10, scale: 1 },
    // Logits in the hundreds: a softmax without the maximum taken off would overflow.
    { N: 5, C: 64, V: 40, scale: 100 },
  ])('matches the reference at %o', async ({ N, C, V, scale }, { gpu }) => {
    const [h, w] = [noise(N * C, 1, scale), noise(V * C, 2)]
    const ids = [9, 3, 4, 5, 6, 8]
    using tape = new Tape(gpu, { grad: false })
    using th = gpu.tensor([N, C], h)
    using tw = gpu.tensor([V, C], w)
    using tids = gpu.tensor([6], Uint32Array.from(ids))
    const got = await gpu.read(scoreHead(tape, th, tw, tids))
    // The rounding of a logit of size s moves a score by as much as itself.
    expectClose(got, reference.scoreHead(h, w, ids, C), { atol: 1e-5 * scale, rtol: 1e-5 })
  })
})

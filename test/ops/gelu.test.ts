import { describe, expect, it } from 'vitest'
import { gelu } from '../../src/ops/gelu'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { expectOp } from '../on-tape'
import * as reference from '../reference/gelu'

// exp is exact to (3 + 2·|argument|) units of 2⁻²⁴ in WGSL, and an error of the tail counts |x| times:
// |x| exp(−x²/2) (3 + x²) 2⁻²⁴ is at most 2e-7. https://www.w3.org/TR/WGSL/#concrete-float-accuracy
const bound = { atol: 5e-7, rtol: 5e-7 }
const forms = ['none', 'tanh'] as const

describe('gelu', () => {
  it.each(forms)('has a reference whose gradient is that of its result: %s', approximate => {
    const x = Float64Array.from([...noise(20, 1, 4), -3.2, 3.2, 0])
    const dy = Float64Array.from(noise(x.length, 2))
    expectGradient(at => reference.gelu(at, approximate), x, dy, reference.geluBackward(x, dy, approximate))
  })

  // torch.nn.functional.gelu in double precision.
  it('has a reference that is what PyTorch computes', () => {
    const x = [-5, -3, -2.9, -1, -0.25, 0, 0.5, 1, 2, 3.5]
    const exact = [
      -1.4332578593401202e-6, -0.00404969409489031, -0.00541085857111373, -0.15865525393145702,
      -0.10032341857926907, 0, 0.34573123063700656, 0.841344746068543, 1.9544997361036416, 3.4991857982233756,
    ]
    const tanh = [
      -2.2917961972623857e-7, -0.0036373920817729943, -0.004966666235471478, -0.15880800939172324,
      -0.100324649298315, 0, 0.34571400982514394, 0.8411919906082768, 1.954597694087775, 3.499383802344626,
    ]
    expectClose(reference.gelu(x, 'none'), exact, { atol: 1e-15, rtol: 1e-9 })
    expectClose(reference.gelu(x, 'tanh'), tanh, { atol: 1e-15, rtol: 1e-9 })
  })

  test.for(forms.flatMap(form => [[1, 1, form] as const, [1, 123, form] as const, [33, 257, form] as const]))(
    'matches the reference at N=%i F=%i: %s',
    async ([N, F, approximate], { gpu }) => {
      // From one saturated end to the other.
      const x = Float32Array.from(noise(N * F, 1, 8))
      const dy = noise(N * F, 3)
      await expectOp(
        gpu,
        { x: { shape: [N, F], data: x } },
        dy,
        (tape, t) => gelu(tape, t.x, { approximate }),
        { y: reference.gelu(x, approximate), grads: { x: reference.geluBackward(x, dy, approximate) } },
        bound,
      )
    },
  )

  test.for(forms)('saturates without overflow: %s', async (approximate, { gpu }) => {
    const x = Float32Array.of(
      -3e38,
      -1e20,
      -100,
      -15,
      -14,
      -13,
      -9,
      -0,
      0,
      1e-30,
      9,
      13,
      14,
      15,
      100,
      1e20,
      3e38,
    )
    const dy = noise(x.length, 3)
    await expectOp(
      gpu,
      { x: { shape: [1, x.length], data: x } },
      dy,
      (tape, t) => gelu(tape, t.x, { approximate }),
      { y: reference.gelu(x, approximate), grads: { x: reference.geluBackward(x, dy, approximate) } },
      bound,
    )
  })

  test('is exact in the tail too, where it is all but zero', async ({ gpu }) => {
    const x = Float32Array.from({ length: 600 }, (_, i) => -i / 100)
    using tx = gpu.tensor([1, x.length], x)
    using tape = new Tape(gpu, { grad: false })
    // (3 + x²) 2⁻²⁴ by exp, and x² 2⁻²⁴ by its argument, of a tail down to 1e-9.
    expectClose(await gpu.read(gelu(tape, tx)), reference.gelu(x, 'none'), { atol: 1e-14, rtol: 8e-6 })
  })

  // The last of 65 elements is alone in its four, and the memory that follows is another gradient's.
  test('writes no gradient beyond its end', async ({ gpu }) => {
    using grads = gpu.tensor([66, 1], new Float32Array(66).fill(1))
    using x = gpu.tensor([65, 1], noise(65, 1))
    using dy = gpu.tensor([65, 1], noise(65, 3))
    const tape = new Tape(gpu)
    tape.parameter(x, grads.rows(0, 65))
    tape.backward(gelu(tape, x), dy)
    const got = await gpu.read(grads)
    expect(got[64]).not.toBe(1)
    expect(got[65]).toBe(1)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Block, BufferPool } from '../../src/gpu/pool'

/** A pool over buffers that only know whether they were destroyed. */
function countingPool() {
  const destroyed = new Set<number>()
  let ids = 0
  const pool = new BufferPool(size => {
    const id = ids++
    return { id, size, buffer: { destroy: () => destroyed.add(id) } as unknown as GPUBuffer }
  })
  return { pool, destroyed }
}

describe('the pool', () => {
  test('rounds sizes up to 256 bytes and reuses what was released', () => {
    const { pool } = countingPool()
    const a = pool.acquire(0)
    const b = pool.acquire(257)
    expect([a.size, b.size]).toEqual([256, 512])
    pool.release(a)
    expect(pool.acquire(256)).toBe(a)
    expect(pool.acquire(256)).not.toBe(a)
    expect(pool.bytes).toBe(1024)
  })

  test('takes the smallest that fits, the one released first of equals, none twice too large', () => {
    const { pool } = countingPool()
    const [large, first, second, small] = [4096, 2048, 2048, 1024].map(size => pool.acquire(size))
    for (const block of [large!, second!, first!, small!]) pool.release(block)
    expect(pool.acquire(1500)).toBe(second)
    expect(pool.acquire(1500)).toBe(first)
    expect(pool.acquire(1500)).not.toBe(large)
    expect(pool.acquire(2048)).toBe(large)
    expect(pool.acquire(256)).not.toBe(small)
    expect(pool.acquire(512)).toBe(small)
  })

  test('destroys only what is free', () => {
    const { pool, destroyed } = countingPool()
    const [a, b] = [pool.acquire(256), pool.acquire(256)]
    pool.release(a)
    expect(pool.trim()).toEqual([a])
    expect([...destroyed]).toEqual([a.id])
    expect(pool.bytes).toBe(256)
    expect(pool.acquire(256)).not.toBe(a)
    pool.release(b)
    expect(pool.acquire(256)).toBe(b)
  })

  test('frees every block at a reset', () => {
    const { pool } = countingPool()
    const blocks = [pool.acquire(256), pool.acquire(256)]
    pool.release(blocks[0]!)
    pool.reset()
    expect([pool.acquire(256), pool.acquire(256)]).toEqual(blocks)
    expect(pool.acquire(256)).not.toBe(blocks[0])
  })
})

/** Asked for bytes, to release the n-th block in use, or to trim. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ acquire: fc.integer({ min: 0, max: 5000 }) }) },
    { weight: 3, arbitrary: fc.record({ release: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.constant('trim' as const) },
  ),
  { maxLength: 60 },
)

test('never hands out a block that is in use, too small, twice too large or destroyed; same steps, same blocks', () => {
  fc.assert(
    fc.property(steps, list => {
      const run = () => {
        const { pool, destroyed } = countingPool()
        const used: Block[] = []
        const given: number[] = []
        for (const step of list) {
          if (step === 'trim') pool.trim()
          else if ('acquire' in step) {
            const block = pool.acquire(step.acquire)
            const wanted = Math.max(256, step.acquire)
            expect(used).not.toContain(block)
            expect(destroyed.has(block.id)).toBe(false)
            expect(block.size).toBeGreaterThanOrEqual(wanted)
            expect(block.size).toBeLessThan(2 * wanted + 512)
            used.push(block)
            given.push(block.id)
          } else if (used.length > 0) pool.release(used.splice(step.release % used.length, 1)[0]!)
        }
        expect(used.some(({ id }) => destroyed.has(id))).toBe(false)
        expect(pool.bytes).toBeGreaterThanOrEqual(used.reduce((sum, { size }) => sum + size, 0))
        return given
      }
      expect(run()).toEqual(run())
    }),
  )
})

export interface RandomNumbers {
  /** In [0, 1). */
  uniform(): number
  /** Of mean 0 and variance 1. */
  normal(): number
  /** The numbers from 0 to n − 1, shuffled. */
  permutation(n: number): Uint32Array
}

/** Random numbers from a seed, the same on every machine: sfc32 of PractRand (Chris Doty-Humphrey). */
export function randomNumbers(seed: number): RandomNumbers {
  let [a, b, c, counter] = [seed | 0, (seed / 2 ** 32) | 0, 0x9e3779b9, 1]
  let spare = Number.NaN

  function uniform(): number {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }

  /** Marsaglia's polar method, which gives two at a time. */
  function normal(): number {
    if (!Number.isNaN(spare)) {
      const value = spare
      spare = Number.NaN
      return value
    }
    for (;;) {
      const x = 2 * uniform() - 1
      const y = 2 * uniform() - 1
      const square = x * x + y * y
      if (square >= 1 || square === 0) continue
      const scale = Math.sqrt((-2 * Math.log(square)) / square)
      spare = y * scale
      return x * scale
    }
  }

  function permutation(n: number): Uint32Array {
    const numbers = Uint32Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1))
      const value = numbers[i]!
      numbers[i] = numbers[j]!
      numbers[j] = value
    }
    return numbers
  }

  // The first outputs depend on few bits of the seed.
  for (let i = 0; i < 15; i++) uniform()
  return { uniform, normal, permutation }
}

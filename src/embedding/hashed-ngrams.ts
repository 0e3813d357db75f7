import { FNV_BASIS, fnv, fnvStep, mixBits } from '../data/hash-32'
import type { Gpu } from '../gpu/gpu'
import type { Embedder } from './embedder'

/** Values of a vector. */
export const DIMENSIONS = 384
/** Lengths of the character n-grams, in code points. */
const SHORTEST = 3
const LONGEST = 5
/** Words: runs of letters, marks and digits; and runs of anything else but white space. */
const WORDS = /[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]+/gu
/**
 * First byte of what is hashed, so that a word, a pair of words and a piece of a word never count as the
 * same.
 */
const WORD = 1
const PAIR = 2
const PIECE = 3
/** Texts embedded before the event loop gets a turn, so that an abort can arrive. */
const BATCH = 64

/**
 * The embedder that needs no download: signed hashed n-grams, 384 dimensions, computed on the CPU.
 *
 * A text is brought to NFKC and lower case and cut into words. Features are its words, its pairs of
 * neighbouring words, and the 3, 4 and 5 code points long pieces of each word between `<` and `>`. A feature
 * that occurs n times adds ±(1 + ln n) to one dimension; a hash gives dimension and sign. The sum is scaled
 * to unit length. A text without words gives the zero vector, and half a surrogate pair counts as U+FFFD. The
 * same text gives the same bits on every machine, as far as they have the same Unicode tables.
 */
export function hashedNgrams(gpu: Gpu): Embedder {
  return {
    name: `hashed-ngrams-${DIMENSIONS}`,
    dimensions: DIMENSIONS,
    gpu,
    async embed(texts, { signal } = {}) {
      const vectors = new Float32Array(texts.length * DIMENSIONS)
      for (const [i, text] of texts.entries()) {
        if (i % BATCH === 0) {
          if (i > 0) await new Promise(resolve => setTimeout(resolve))
          signal?.throwIfAborted()
        }
        vectors.set(hashedNgramVector(text), i * DIMENSIONS)
      }
      return gpu.tensor([texts.length, DIMENSIONS], vectors)
    },
  }
}

/** The vector of one text, [DIMENSIONS]; see `hashedNgrams`. */
export function hashedNgramVector(text: string): Float32Array {
  const hashes = featureHashes(text).sort()
  const sums = new Float64Array(DIMENSIONS)
  for (let begin = 0, end = 0; begin < hashes.length; begin = end) {
    while (end < hashes.length && hashes[end] === hashes[begin]) end++
    const mixed = mixBits(hashes[begin]!)
    sums[(mixed >>> 1) % DIMENSIONS]! += (mixed & 1 ? -1 : 1) * (1 + naturalLog(end - begin))
  }
  const length = Math.sqrt(sums.reduce((square, v) => square + v * v, 0))
  return Float32Array.from(sums, v => (length > 0 ? v / length : 0))
}

const UTF8 = new TextEncoder()

/** A hash for each occurrence of a feature. */
function featureHashes(text: string): Uint32Array {
  const words = text.normalize('NFKC').toLowerCase().match(WORDS)
  if (!words) return new Uint32Array(0)
  const bytes = UTF8.encode(`<${words.join('>\n<')}>\n`)
  // At most three pieces begin at a byte, and a word, with its marks at least three bytes, adds two features.
  const hashes = new Uint32Array(4 * bytes.length)
  let count = 0
  let left = seed(PAIR)
  for (let begin = 0, end = 0; begin < bytes.length; begin = end + 1) {
    end = bytes.indexOf(NEW_LINE, begin)
    hashes[count++] = fnv(seed(WORD), bytes, begin + 1, end - 1)
    if (begin > 0) hashes[count++] = fnv(left, bytes, begin + 1, end - 1)
    left = fnvStep(fnv(seed(PAIR), bytes, begin + 1, end - 1), NEW_LINE)
    for (let from = begin; from < end; from++) {
      if (continues(bytes[from]!)) continue
      let hash = seed(PIECE)
      for (let to = from, points = 0; to < end && points < LONGEST; ) {
        hash = fnvStep(hash, bytes[to++]!)
        while (continues(bytes[to]!)) hash = fnvStep(hash, bytes[to++]!)
        points++
        if (points >= SHORTEST) hashes[count++] = hash
      }
    }
  }
  return hashes.subarray(0, count)
}

const NEW_LINE = 0x0a

/** Whether a byte of UTF-8 goes on with the code point before it. */
const continues = (byte: number) => (byte & 0xc0) === 0x80

const seed = (kind: number) => fnvStep(FNV_BASIS, kind)

/**
 * ln n of a whole number. By additions and divisions only, because engines may round `Math.log` differently:
 * ln n = ln (n − 1) + 2 artanh (1 / (2n − 1)).
 */
function naturalLog(n: number): number {
  while (LOGS.length <= n) {
    const z = 1 / (2 * LOGS.length - 1)
    let sum = 0
    let power = z
    for (let k = 1; power > 1e-20; k += 2) {
      sum += power / k
      power *= z * z
    }
    LOGS.push(LOGS.at(-1)! + 2 * sum)
  }
  return LOGS[n]!
}
const LOGS = [Number.NEGATIVE_INFINITY, 0]

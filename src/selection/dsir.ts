import { FNV_BASIS, fnv, mixBits } from '../data/hash-32'
import { type Budget, budgetMeter, checkBudget } from './budget'
import { invalid, keepFirst } from './keep-first'
import { naturalLog } from './natural-log'
import type { PoolItem } from './pool'
import { checkSeed, gumbel, randomKey } from './random-key'
import { SelectionError } from './selection-error'
import type { Selector } from './selector'

export interface DsirOptions {
  /** Texts like those that are wanted. */
  readonly target: readonly string[]
  readonly budget: Budget
  readonly seed: number
  /** Buckets that the words and pairs of words are hashed into. */
  readonly buckets?: number
  /** Added to each bucket's share of the target and of the pool, so that none is 0. */
  readonly smoothing?: number
}

/** Words: runs of letters, marks, digits and underscores; and runs of anything else but white space. */
const WORDS = /[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]+/gu
/** Texts counted before the event loop gets a turn, so that an abort can arrive. */
const BATCH = 1024

/**
 * Data selection with importance resampling: rows like the target's, by chance (Xie et al. 2023, arXiv 2302.03169).
 *
 * A text is brought to lower case and cut into words; its features are its words and its pairs of neighbouring
 * words, hashed into buckets. With p the share of a bucket among all features of the target, and q that among those
 * of the pool, a row's log-weight is Σ over its features of log(p + s) − log(q + s), s being `smoothing`. Rows are
 * drawn without replacement in proportion to their weights: the largest log-weight + Gumbel noise first, the noise
 * being a hash of the seed and the `id`. That sum is the value of an outcome.
 *
 * A row loses with each word that is rarer in the target than in the pool, so of rows unlike the target the
 * shortest win; the more so with a small target, in which most words have no share at all. The released code leaves
 * out texts under 100 words; here only rows without a word are invalid, so give it rows that are long enough to
 * tell, and with a target of few texts a `smoothing` of about 1 / `buckets`: the default is the released code's.
 *
 * The released code hashes with SHA-256, so its buckets hold other words together. Logarithms and sums are made of
 * additions, multiplications and divisions in a fixed order: the same rows are kept on every machine, as far as
 * they have the same Unicode tables.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function dsir({ target, budget, seed, buckets = 10_000, smoothing = 1e-8 }: DsirOptions): Selector {
  checkBudget('dsir', budget)
  checkSeed('dsir', seed)
  if (!(Number.isSafeInteger(buckets) && buckets > 0 && buckets <= 2 ** 24)) {
    throw new SelectionError(`dsir: buckets is ${buckets}, expected a whole number from 1 to ${2 ** 24}`)
  }
  if (!(smoothing > 0 && smoothing < Infinity)) {
    throw new SelectionError(`dsir: smoothing is ${smoothing}, expected a number above 0`)
  }
  const wanted = new Float64Array(buckets)
  for (const text of target) count(featureBuckets(text, buckets), wanted)
  if (wanted.every(n => n === 0)) {
    throw new SelectionError(
      `dsir: the target's ${target.length} texts have no word; give some texts like those you want`,
    )
  }
  return {
    name: 'dsir',
    async select({ items }, options) {
      const meter = budgetMeter('dsir', budget, items)
      // Features are found twice rather than held: they take more room than the texts.
      const present = new Float64Array(buckets)
      await eachRow(items, options.signal, ({ text }) => count(featureBuckets(text, buckets), present))
      const [p, q] = [logShares(wanted, smoothing), logShares(present, smoothing)]
      /** NaN of a row without a word. */
      const weights = new Float64Array(items.length).fill(Number.NaN)
      await eachRow(items, options.signal, ({ text }, place) => {
        const features = featureBuckets(text, buckets)
        if (features.length > 0)
          weights[place] = features.reduce((sum, bucket) => sum + p[bucket]! - q[bucket]!, 0)
      })
      return keepFirst(
        items,
        item => meter.take(item),
        ({ id }, place) => {
          const weight = weights[place]!
          if (Number.isNaN(weight)) return invalid('it has no word')
          const value = weight + gumbel(randomKey(seed, 'dsir', id))
          return { key: -value, value }
        },
        options,
      )
    },
  }
}

/** Visits items in order, with turns for the event loop between them. */
async function eachRow(
  items: readonly PoolItem[],
  signal: AbortSignal | undefined,
  visit: (item: PoolItem, place: number) => void,
): Promise<void> {
  for (const [place, item] of items.entries()) {
    if (place % BATCH === 0 && place > 0) {
      await new Promise(resolve => setTimeout(resolve))
      signal?.throwIfAborted()
    }
    visit(item, place)
  }
}

function count(features: Uint32Array, counts: Float64Array): Uint32Array {
  for (const bucket of features) counts[bucket]!++
  return features
}

function logShares(counts: Float64Array, smoothing: number): Float64Array {
  const all = counts.reduce((sum, n) => sum + n, 0)
  return counts.map(n => naturalLog((all > 0 ? n / all : 0) + smoothing))
}

const UTF8 = new TextEncoder()

const SPACE = 0x20

/** The bucket of each word and of each pair of neighbouring words, in the text's order. */
function featureBuckets(text: string, buckets: number): Uint32Array {
  const words = text.toLowerCase().match(WORDS)
  if (!words) return new Uint32Array(0)
  // No word has a space in it.
  const bytes = UTF8.encode(words.join(' '))
  const features = new Uint32Array(2 * words.length - 1)
  let count = 0
  let before = 0
  for (let begin = 0, end = 0; begin < bytes.length; begin = end + 1) {
    end = bytes.indexOf(SPACE, begin)
    if (end < 0) end = bytes.length
    const word = fnv(FNV_BASIS, bytes, begin, end)
    features[count++] = mixBits(word) % buckets
    if (begin > 0) features[count++] = mixBits(fnv(before, bytes, begin - 1, end)) % buckets
    before = word
  }
  return features
}

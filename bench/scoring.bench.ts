import { openGpu } from '../src/gpu/open-gpu'
import { filesFromFolder } from '../src/io/folder-files'
import { loadModel } from '../src/models/load-model'
import { complexityScorer, qualityScorer } from '../src/scoring/deita'
import { type RowExchange, rowExchanges } from '../src/scoring/scorer'
import { randomNumbers } from './harness/random-numbers'
import { median } from './harness/statistics'
import { stopwatch } from './harness/stopwatch'
import type { Subject } from './harness/subject'

const defaults = {
  /** A Hugging Face folder. */
  model: 'demo/public/model',
  rows: 48,
  /** Words of an instruction, and of an answer, on average. */
  words: 20,
  seed: 1,
  /** Times that each way is run, in turn; the median counts. */
  repeat: 3,
}

/** Largest difference of two scores, from 1 to 6, by rounding alone. */
const ALLOWED = 1e-5

/** Deita's scores with the template's beginning computed once, beside computing it for every prompt. */
export const scoringBench: Subject<typeof defaults> = {
  name: 'scoring',
  what: "Deita's scores with the template's beginning shared, beside computing it for every prompt",
  defaults,
  places: ['node'],
  async run({ model: folder, rows, words, seed, repeat }, place) {
    using gpu = await openGpu({ entry: await place.gpu() })
    using model = await loadModel(gpu, filesFromFolder(folder))
    const exchanges = randomExchanges(rows, words, seed)
    const failures: string[] = []
    const measured = []
    for (const [name, scorer] of Object.entries({ complexity: complexityScorer, quality: qualityScorer })) {
      const ways = { shared: scorer(model), 'every prompt': scorer(model, { prefix: '' }) }
      const times: Record<string, number[]> = { shared: [], 'every prompt': [] }
      const scores: Record<string, readonly number[]> = {}
      // The first round compiles pipelines.
      for (let round = 0; round <= repeat; round++) {
        for (const [way, own] of Object.entries(ways)) {
          const stop = stopwatch()
          const results = await own.score(exchanges, {})
          const { milliseconds } = stop()
          if (round > 0) times[way]!.push(milliseconds)
          scores[way] = results.map(result => Number(result.scores[name]))
        }
      }
      const difference = scores.shared!.reduce(
        (most, score, i) => Math.max(most, Math.abs(score - scores['every prompt']![i]!)),
        0,
      )
      if (!(difference <= ALLOWED)) {
        failures.push(`${name}: scores differ by ${difference}, expected at most ${ALLOWED}`)
      }
      const speedup = median(times['every prompt']!) / median(times.shared!)
      if (speedup <= 1) failures.push(`${name}: sharing is no faster: ${speedup.toFixed(2)} times`)
      measured.push({ name, difference, speedup, milliseconds: times })
    }
    return {
      adapter: gpu.adapterName,
      versions: place.versions,
      notes: [`${rows} rows of about ${words} words each side, ${folder}`],
      table: measured.flatMap(({ name, difference, speedup, milliseconds }) =>
        Object.entries(milliseconds).map(([way, times]) => ({
          score: name,
          'template computed': way === 'shared' ? 'once' : 'for every prompt',
          'median ms': Number(median(times).toFixed(0)),
          'rows/s': Number(((rows * 1000) / median(times)).toFixed(0)),
          'times as fast': way === 'shared' ? Number(speedup.toFixed(2)) : 1,
          'largest difference': way === 'shared' ? difference.toExponential(1) : '',
        })),
      ),
      results: { measured },
      failures,
    }
  },
}

const WORDS = 'a plan for the garden and two of my neighbours want to know how water moves in dry soil'.split(
  ' ',
)

function randomExchanges(rows: number, words: number, seed: number): RowExchange[] {
  const { uniform } = randomNumbers(seed)
  const text = () =>
    Array.from(
      { length: 1 + Math.floor(2 * words * uniform()) },
      () => WORDS[Math.floor(WORDS.length * uniform())],
    ).join(' ')
  return Array.from({ length: rows }, (_, index) =>
    rowExchanges({
      index,
      id: `${index}`,
      raw: {},
      turns: [
        { role: 'user', content: text() },
        { role: 'assistant', content: text() },
      ],
    }),
  ).flat()
}

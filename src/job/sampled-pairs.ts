import type { Pair } from '../data/row'
import { answerPrompts } from '../evaluation/answers'
import { counterHash } from '../losses/draw'
import type { LoraMap } from '../models/causal-network'
import type { Model } from '../models/load-model'
import type { Combine } from '../scoring/combine'
import { rowExchanges, rowScore, type Scorer, scoreExchanges } from '../scoring/scorer'

export interface SampleOptions {
  /** Gives each answer the number that they are ranked by. */
  readonly scorer: Scorer
  /** One number of the scores of an answer. Default: their product. */
  readonly combine?: Combine
  readonly adapter: LoraMap | null
  /** Answers to each prompt, at least 2. */
  readonly samples: number
  readonly temperature: number
  readonly maxTokens: number
  readonly seed: number
  readonly signal?: AbortSignal
  /** Called with the number of prompts done. */
  readonly onProgress?: (done: number, total: number) => void
}

export interface SampledPairs {
  readonly pairs: readonly Pair[]
  /** Prompts that gave no pair, and why. */
  readonly dropped: readonly { readonly index: number; readonly cause: string; readonly reason: string }[]
}

/**
 * New answers of a model to the prompts of pairs, ranked by a scorer: the best becomes the chosen answer, the worst the
 * rejected one. Prompts whose answers are all worth the same, or that have no two scores, give none. What is drawn
 * depends on the seed, the prompt's place in its file and the answer's number alone.
 *
 * @throws the errors of `answerPrompts` and of the scorer
 */
export async function samplePairs(
  model: Model,
  prompts: readonly Pair[],
  { scorer, samples, temperature, maxTokens, seed, adapter, combine, signal, onProgress }: SampleOptions,
): Promise<SampledPairs> {
  const pairs: Pair[] = []
  const dropped: { index: number; cause: string; reason: string }[] = []
  const abort = signal ? { signal } : {}
  for (const [n, { index, id, raw, prompt }] of prompts.entries()) {
    const answers: string[] = []
    for (let k = 0; k < samples; k++) {
      const [answer] = await answerPrompts(model, [prompt], {
        ...{ adapter, maxTokens, temperature, ...abort },
        seed: counterHash(seed, index, k),
      })
      if (answer && 'text' in answer && answer.text.trim() !== '') answers.push(answer.text)
    }
    const distinct = [...new Set(answers)]
    const ranked = await rank(distinct)
    const [best, worst] = [ranked[0], ranked.at(-1)]
    if (best && worst && best.score > worst.score) {
      pairs.push({ index, id, raw, prompt, chosen: best.text, rejected: worst.text })
    } else {
      const reason = `of ${samples} answers ${distinct.length} differ, and ${ranked.length} have a score; the best is worth no more than the worst`
      dropped.push({ index, cause: 'answers are worth the same', reason })
    }
    onProgress?.(n + 1, prompts.length)

    async function rank(texts: readonly string[]): Promise<{ text: string; score: number }[]> {
      const exchanges = texts.map(content => {
        const turns = [...prompt, { role: 'assistant' as const, content }]
        return rowExchanges({ index, id, raw: null, turns }).at(-1)!
      })
      const scores = await scoreExchanges(exchanges, scorer, abort)
      return texts
        .flatMap((text, i) => {
          const score = rowScore([scores[i]!], scorer.keys, combine ? { combine } : {})
          return typeof score === 'number' ? [{ text, score }] : []
        })
        .sort((a, b) => b.score - a.score)
    }
  }
  return { pairs, dropped }
}

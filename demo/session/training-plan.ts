import {
  countSteps,
  type EncodedPair,
  type EncodedPairs,
  estimateTraining,
  type JobOptions,
  type Model,
  type Tokenizer,
  TrainingError,
  trainOptions,
} from '../../src/index'
import type { TokenExample, TrainingPlan } from '../protocol'

/**
 * What a training would be: its pairs, steps and memory, found without running it.
 *
 * @throws {TrainingError} if there is no pair to train on
 */
export async function planTraining(
  { network, tokenizer }: Model,
  { pairs, dropped }: EncodedPairs,
  options: JobOptions,
): Promise<TrainingPlan> {
  if (pairs.length === 0) {
    throw new TrainingError(`no pair can be trained on: ${dropped[0]?.reason ?? 'there is none'}`)
  }
  const training = trainOptions(options)
  const { weights, peak, parameters } = await estimateTraining(network, pairs, training)
  return {
    pairs: pairs.length,
    truncated: pairs.filter(({ truncated }) => truncated).length,
    dropped,
    tokens: pairs.reduce((sum, { chosen, rejected }) => sum + chosen.ids.length + rejected.ids.length, 0),
    maxLength: Math.min(options.maxLength, network.maxPositions),
    steps: countSteps(pairs.length, training),
    stepsPerEpoch: Math.ceil(pairs.length / (options.batchSize * options.accumulation)),
    parameters,
    weightBytes: weights,
    peakBytes: peak,
    example: example(tokenizer, pairs),
  }
}

/** The shortest pair, so that it can be read at a glance. */
function example(tokenizer: Tokenizer, pairs: readonly EncodedPair[]): TokenExample {
  const length = ({ chosen, rejected }: EncodedPair) => chosen.ids.length + rejected.ids.length
  const { index, chosen, rejected } = pairs.reduce((a, b) => (length(b) < length(a) ? b : a))
  const { ids, answerBegin } = chosen
  return {
    index,
    prompt: tokenizer.decode([...ids.slice(0, answerBegin)]),
    chosen: pieces(tokenizer, chosen.ids.slice(answerBegin)),
    rejected: pieces(tokenizer, rejected.ids.slice(answerBegin)),
  }
}

/** The text that each token adds. A character of several byte tokens goes with its last one. */
function pieces(tokenizer: Tokenizer, ids: Uint32Array): string[] {
  let shown = ''
  const list: string[] = []
  for (let end = 1; end <= ids.length; end++) {
    const text = tokenizer.decode([...ids.slice(0, end)])
    if (text.endsWith('\uFFFD') && end < ids.length) continue
    list.push(text.slice(shown.length))
    shown = text
  }
  return list
}

import type { Tensor } from '../gpu/tensor'
import type { Loss } from '../losses/loss'
import { answerLength } from '../models/answer-batch'
import type { CausalNetwork } from '../models/causal-network'
import { tokenLogProbs } from '../models/token-log-probs'
import type { LoraMap } from '../nn/linear'
import { shardsOf } from '../ops/matrix'
import { mix } from '../ops/mix'
import { answerLogProbs } from './answer-log-probs'
import { TrainingError } from './errors'
import type { EncodedSequence, Example } from './examples'
import type { PairLogProbs } from './micro-batch'
import type { Trainable } from './trainable'
import type { LiveReference } from './training-program'

/** Reference log-probs of examples, one entry each: of both answers, or of the one. */
export type References = readonly PairLogProbs[] | readonly Float32Array[]

/**
 * Where reference log-probs come from: computed once, of the model as it is at the start; computed in each step with
 * the adapter off; of a frozen copy of what is trained; or of another model on the same device.
 */
export type ReferenceSource = 'cached' | 'live' | 'copy' | LiveReference

/** Moves the reference towards the trained model: ref ← alpha·policy + (1 − alpha)·ref, every so many steps. */
export interface ReferenceSync {
  readonly steps: number
  readonly alpha: number
}

/** Whether a loss compares the trained model with another. */
export const usesReference = (loss: Loss): boolean =>
  loss.terms.some(term => term.usesReference) || (loss.kind === 'labelled' && loss.kl)

/**
 * Log-probs of the model as it is now, for each example: what a run that starts now calls its reference.
 *
 * @throws the signal's reason when it is aborted
 */
export async function startingLogProbs(
  { network, map }: Pick<Trainable, 'network' | 'map'>,
  examples: readonly Example[],
  options: {
    readonly signal?: AbortSignal
    readonly onProgress?: (done: number, total: number) => void
  } = {},
): Promise<References> {
  const pairs = examples.filter(example => 'chosen' in example)
  if (pairs.length === examples.length) return answerLogProbs(network, pairs, { ...options, adapter: map })
  const answers = examples.flatMap(example => ('answer' in example ? [example.answer] : []))
  const { signal, onProgress } = options
  return tokenLogProbs(network, answers, {
    adapter: map,
    ...(signal ? { signal } : {}),
    ...(onProgress
      ? { onProgress: fraction => onProgress(Math.round(fraction * answers.length), answers.length) }
      : {}),
  })
}

/** @throws {TrainingError} unless each answer token of each example has its log-prob */
export function checkReferences(examples: readonly Example[], references: References): void {
  if (references.length !== examples.length)
    throw new TrainingError(`${references.length} reference log-probs for ${examples.length} examples`)
  for (const [i, example] of examples.entries()) {
    if (!('mask' in example)) checkTokens(example, references[i]!)
  }
}

function checkTokens(
  example: Exclude<Example, EncodedSequence>,
  reference: PairLogProbs | Float32Array,
): void {
  const isOfPair = 'chosen' in reference
  if (isOfPair !== 'chosen' in example)
    throw new TrainingError(`the reference log-probs of example ${example.index} are of another kind than it`)
  const got = isOfPair ? [reference.chosen.length, reference.rejected.length] : [reference.length]
  const answers = 'chosen' in example ? [example.chosen, example.rejected] : [example.answer]
  const wanted = answers.map(answerLength)
  if (got.join() === wanted.join()) return
  throw new TrainingError(
    `example ${example.index} of the file has ${got.join(' and ')} reference log-probs for ${wanted.join(' and ')} answer tokens: compute them for the examples as they are encoded now`,
  )
}

/** A live reference, which owns a copy of the weights where it needs one. */
export interface OpenReference extends Disposable {
  readonly live: LiveReference | null
  /** Moves the copy towards the trained weights. */
  sync(alpha: number): void
  /** The copy's weights, by name, for a checkpoint; empty unless they move. */
  readonly weights: ReadonlyMap<string, Tensor>
}

/**
 * Opens the reference of a run.
 *
 * @throws {TrainingError} for one that is not defined for what is trained
 */
export function openReference(
  { network, map }: Pick<Trainable, 'network' | 'map'>,
  source: ReferenceSource,
  sync: ReferenceSync | null,
): OpenReference {
  if (sync) checkSync(sync, source, map !== null)
  if (source === 'copy') return map ? adapterCopyOf(network, map) : copyOf(network, sync !== null)
  const nothing = { sync() {}, weights: new Map(), [Symbol.dispose]() {} }
  if (source === 'live') {
    if (!map) {
      throw new TrainingError(
        "reference 'live' turns the adapter off, and there is none: use 'cached', 'copy', or another model",
      )
    }
    return { ...nothing, live: { network, adapter: null } }
  }
  if (source !== 'cached' && source.network.gpu !== network.gpu) {
    throw new TrainingError('the reference model is on another device than the trained one')
  }
  return { ...nothing, live: source === 'cached' ? null : source }
}

function checkSync({ steps, alpha }: ReferenceSync, source: ReferenceSource, adapter: boolean): void {
  if (adapter || source !== 'copy') {
    throw new TrainingError(
      "sync mixes the trained weights into the reference's: it is defined for training the model's own weights with reference 'copy'",
    )
  }
  if (!Number.isInteger(steps) || steps < 1)
    throw new TrainingError(`sync.steps is ${steps}, expected a positive integer`)
  if (!(alpha > 0 && alpha <= 1))
    throw new TrainingError(`sync.alpha is ${alpha}, expected a number above 0 and at most 1`)
}

/** The network with its adapter as it is now. */
function adapterCopyOf(network: CausalNetwork, map: LoraMap): OpenReference {
  const { gpu } = network
  const copies: Tensor[] = []
  const copied = (tensor: Tensor) => {
    const copy = gpu.empty(tensor.shape)
    copies.push(copy)
    gpu.copy(tensor, copy)
    return copy
  }
  const adapter = new Map(
    [...map].map(([path, { a, b, magnitude, ...rest }]) => [
      path,
      { ...rest, a: copied(a), b: copied(b), magnitude: magnitude && copied(magnitude) },
    ]),
  )
  return {
    live: { network, adapter },
    sync() {},
    weights: new Map(),
    [Symbol.dispose]() {
      for (const copy of copies) copy[Symbol.dispose]()
    },
  }
}

function copyOf(network: CausalNetwork, moves: boolean): OpenReference {
  const { gpu } = network
  const copy = network.plan(gpu)
  const tensors = [...network.weights].flatMap(([name, weight]) => {
    const copies = shardsOf(copy.weights.get(name)!)
    return shardsOf(weight).map(({ values }, i) => ({
      name: `${name}.${i}`,
      from: values,
      to: copies[i]!.values,
    }))
  })
  for (const { from, to } of tensors) gpu.copy(from, to)
  return {
    live: { network: copy, adapter: null },
    sync(alpha) {
      for (const { from, to } of tensors) mix(gpu, from, to, alpha)
    },
    weights: new Map(moves ? tensors.map(({ name, to }) => [name, to]) : []),
    [Symbol.dispose]: () => copy[Symbol.dispose](),
  }
}

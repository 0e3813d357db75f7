import { sha256Of } from '../io/content-hash'
import { type RunStore, removeUnfinished, writeRunFile } from '../io/run-store'
import { answerLength, type EncodedAnswer } from '../models/answer-batch'
import { dataDigest } from './data-digest'
import type { Fingerprint } from './fingerprint'
import type { PairLogProbs } from './micro-batch'

/** How an example's reference log-probs are arrays of one value an answer token. */
export interface ReferenceKind<Example, Reference> {
  /** The answers of an example, in the order of `arrays`. */
  answers(example: Example): readonly EncodedAnswer[]
  arrays(reference: Reference): readonly Float32Array[]
  of(arrays: readonly Float32Array[]): Reference
}

interface Sides {
  readonly chosen: EncodedAnswer
  readonly rejected: EncodedAnswer
}

export const pairReferences: ReferenceKind<Sides, PairLogProbs> = {
  answers: ({ chosen, rejected }) => [chosen, rejected],
  arrays: ({ chosen, rejected }) => [chosen, rejected],
  of: ([chosen, rejected]) => ({ chosen: chosen!, rejected: rejected! }),
}

export const labelledReferences: ReferenceKind<{ readonly answer: EncodedAnswer }, Float32Array> = {
  answers: ({ answer }) => [answer],
  arrays: reference => [reference],
  of: ([reference]) => reference!,
}

export interface CachedReferenceOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with the number of examples done, those that were in the store too. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** Examples whose log-probs are one file, so that an ended pass goes on where it was. */
export const PIECE_EXAMPLES = 256

/**
 * Log-probs of a reference model that are kept in a store: computed once for a model and data, and read ever after. They
 * are f32, 256 examples a file whose name has its SHA-256; one that is missing or damaged is computed again. The parts
 * that are computed are the same whether or not a pass was ended, and so are their bits.
 *
 * @param of what decides them: digests of the model, of an adapter it has and of the examples
 * @param compute their log-probs, in order; `report` takes the number of examples done
 * @throws {RunStoreFullError} where space runs out; what was computed stays
 * @throws the signal's reason when it is aborted
 */
export async function cachedReferences<Example, Reference>(
  store: RunStore,
  of: Fingerprint,
  examples: readonly Example[],
  kind: ReferenceKind<NoInfer<Example>, Reference>,
  compute: (part: readonly Example[], report: (done: number) => void) => Promise<readonly Reference[]>,
  { signal, onProgress }: CachedReferenceOptions = {},
): Promise<Reference[]> {
  const folder = `references-${(await dataDigest([of])).slice(0, 32)}`
  // More than one where a process ended between writing a piece anew and removing the damaged one.
  const digests = new Map<number, string[]>()
  for (const name of await store.list(folder)) {
    const [, index, digest] = /^(\d{6})-([0-9a-f]{64})$/.exec(name) ?? []
    if (index === undefined || digest === undefined) continue
    digests.set(Number(index), [...(digests.get(Number(index)) ?? []), digest])
  }
  const results: Reference[] = []
  for (let index = 0; index * PIECE_EXAMPLES < examples.length; index++) {
    signal?.throwIfAborted()
    const begin = index * PIECE_EXAMPLES
    const part = examples.slice(begin, begin + PIECE_EXAMPLES)
    const lengths = part.map(example => kind.answers(example).map(answerLength))
    const path = (digest: string) => `${folder}/${String(index).padStart(6, '0')}-${digest}`
    const there = digests.get(index) ?? []
    let kept: Float32Array[][] | null = null
    for (const digest of there) kept ??= await readPiece(store, path(digest), digest, lengths)
    if (kept) results.push(...kept.map(arrays => kind.of(arrays)))
    else {
      const computed = await compute(part, done => onProgress?.(begin + done, examples.length))
      const bytes = pieceOf(computed.map(reference => kind.arrays(reference)))
      const now = await sha256Of(bytes)
      await writeRunFile(store, path(now), bytes.length, bytes)
      for (const digest of there) if (digest !== now) await store.remove(path(digest))
      results.push(...computed)
    }
    onProgress?.(results.length, examples.length)
  }
  await removeUnfinished(store, folder)
  return results
}

/** Removes all reference log-probs of a store. */
export async function removeReferences(store: RunStore): Promise<void> {
  for (const name of await store.list(''))
    if (/^references-[0-9a-f]{32}$/.test(name)) await store.remove(name)
}

/** The arrays of a piece; null where it is damaged, or is of examples of other lengths. */
async function readPiece(
  store: RunStore,
  path: string,
  digest: string,
  lengths: readonly (readonly number[])[],
): Promise<Float32Array[][] | null> {
  const bytes = await store.read(path)
  const size = lengths.flat().reduce((a, b) => a + b, 0)
  if (bytes?.length !== 4 * size || (await sha256Of(bytes)) !== digest) return null
  let at = bytes.byteOffset
  return lengths.map(each =>
    each.map(length => {
      const array = new Float32Array(bytes.buffer, at, length)
      at += array.byteLength
      return array
    }),
  )
}

function pieceOf(references: readonly (readonly Float32Array[])[]): Uint8Array<ArrayBuffer> {
  const arrays = references.flat()
  const values = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    values.set(array, at)
    at += array.length
  }
  return new Uint8Array(values.buffer)
}

import type { Weights as WeightFiles } from '../io/model-weights'
import { ModelError } from './errors'

/** An output projection that is the embedding: both by their Hugging Face names. */
export interface TiedHead {
  readonly head: string
  readonly embedding: string
}

/** Bytes of each that are compared at a time: as many as sources read ahead, since reading one ends that of the other. */
const PIECE_BYTES = 8 * 2 ** 20

/**
 * Files of a tied model may repeat the embedding under the head's name. Where they hold another matrix there, the
 * config is wrong: transformers takes the matrix from version 5 on, and took the embedding before.
 *
 * @param nameOf the name of a weight in the files
 * @throws {ModelError} if the files have a head that is not the embedding
 */
export async function checkTiedHead(
  name: string,
  { head, embedding }: TiedHead,
  files: WeightFiles,
  nameOf: (key: string) => string,
  signal?: AbortSignal,
): Promise<void> {
  const repeated = files.entry(head)
  if (!repeated) return
  const key = nameOf(embedding)
  const [rows = 0] = repeated.shape
  let same = files.entry(key)?.shape.join() === repeated.shape.join()
  const height = Math.max(1, Math.floor((PIECE_BYTES * rows) / (repeated.end - repeated.begin)))
  for (let begin = 0; same && begin < rows; begin += height) {
    signal?.throwIfAborted()
    const end = Math.min(begin + height, rows)
    const values = await files.readRows(head, begin, end)
    const wanted = await files.readRows(key, begin, end)
    same = values.every((value, i) => value === wanted[i])
  }
  if (same) return
  throw new ModelError(
    `${name}: config.json ties ${head} to ${key}, and the files hold another ${head}. ` +
      'Set tie_word_embeddings to false, or remove that tensor',
  )
}

import { sha256 } from '@noble/hashes/sha2.js'
import { type FileDigest, type ModelFiles, type ModelInfo, modelDigests } from '../../src/index'

/** Bytes hashed at a time: the worker answers other calls in between. */
const PIECE = 4 * 2 ** 20

/** A model's files do not change, and hashing large ones takes seconds. */
const known = new WeakMap<ModelFiles, Promise<FileDigest[]>>()

/**
 * Digests of a model's files.
 *
 * @param listed what the Hub said of them: what is kept was checked against its digests
 */
export function digestsOf(files: ModelFiles, listed: ModelInfo | null): Promise<FileDigest[]> {
  const digests = known.get(files) ?? modelDigests(files, path => digestOf(files, listed, path))
  known.set(files, digests)
  return digests
}

async function digestOf(files: ModelFiles, listed: ModelInfo | null, path: string): Promise<FileDigest> {
  const file = listed?.files.find(file => file.path === path)
  // Small files have a digest of another kind.
  if (file?.digest.length === 64) return { name: path, bytes: file.size, sha256: file.digest }
  const { size, read } = await files.open(path)
  const hash = sha256.create()
  for (let at = 0; at < size; at += PIECE) hash.update(await read(at, Math.min(size, at + PIECE)))
  const hex = Array.from(hash.digest(), byte => byte.toString(16).padStart(2, '0')).join('')
  return { name: path, bytes: size, sha256: hex }
}

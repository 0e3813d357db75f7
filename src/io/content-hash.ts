import { sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { nodeModules } from './node-modules'

export interface ContentHash {
  update(bytes: Uint8Array): void
  /** In hexadecimal; nothing can be added after that. */
  digest(): string
}

/**
 * What the Hub's digest of a file of `size` bytes is computed by, piece by piece: SHA-256 for 64 digits, git's object
 * id for 40. WebCrypto only takes whole messages; Node's own hash is several times faster than one in JavaScript.
 */
export function contentHash(digest: string, size: number): ContentHash {
  const isGit = digest.length === 40
  const crypto = nodeModules()?.crypto
  const hash = crypto ? crypto.createHash(isGit ? 'sha1' : 'sha256') : isGit ? sha1.create() : sha256.create()
  if (isGit) hash.update(new TextEncoder().encode(`blob ${size}\0`))
  return {
    update: bytes => void hash.update(bytes),
    digest: () => hex(hash.digest()),
  }
}

/** SHA-256 of one piece, in hexadecimal. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

const hex = (bytes: Uint8Array) => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

import { DataError } from './data-error'

/** A file as it was read or written. */
export interface FileDigest {
  readonly name: string
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** The GPU that the numbers come from; another one may round differently. */
export interface AdapterDescription {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  /** It is emulated on the CPU. */
  readonly software: boolean
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** What a run was made from and what it made. No times, so that equal runs give equal bytes. */
export interface Manifest {
  /** Version of the package. */
  readonly tabtune: string
  /** Null where none is needed. */
  readonly model: {
    readonly name: string
    readonly files: readonly FileDigest[]
    /** How its weights were stored, where not as f32. */
    readonly storage?: string
    /** The chat template that stood in for its own. */
    readonly template?: string
  } | null
  /** Every option with its value, defaults included. */
  readonly options: { readonly [name: string]: Json }
  readonly inputs: readonly FileDigest[]
  /** Null where no GPU is needed. */
  readonly adapter: AdapterDescription | null
  readonly outputs: readonly FileDigest[]
}

/** SHA-256 in hexadecimal. @throws {DataError} in a page that is served neither by https nor from localhost */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle
  if (!subtle)
    throw new DataError('SHA-256 needs Web Crypto, which pages have only over https or from localhost')
  const shared = typeof SharedArrayBuffer !== 'undefined' && bytes.buffer instanceof SharedArrayBuffer
  const digest = await subtle.digest('SHA-256', shared ? bytes.slice() : (bytes as Uint8Array<ArrayBuffer>))
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('')
}

/** Name, size and hash of a file's content; a string counts as its UTF-8 bytes. */
export async function fileDigest(name: string, content: Uint8Array | string): Promise<FileDigest> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { name, bytes: bytes.length, sha256: await sha256Hex(bytes) }
}

/** One line of JSON a value. NaN and infinities become null: JSON has none. */
export function jsonLines(values: Iterable<object>): string {
  let text = ''
  for (const value of values) text += `${JSON.stringify(value)}\n`
  return text
}

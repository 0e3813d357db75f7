import type { ModelFiles } from './model-files'
import { TokenizerError } from './tokenizer-error'

export type Json = Record<string, unknown>

/** A file of the tokenizer that holds a JSON object. @throws {TokenizerError} if it does not */
export async function readJson(files: ModelFiles, path: string): Promise<Json> {
  const text = await files.text(path)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new TokenizerError(`${files.name}/${path}: the file is not JSON: ${reasonOf(cause)}`, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TokenizerError(`${files.name}/${path}: the file is not a JSON object`)
  return value as Json
}

export const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

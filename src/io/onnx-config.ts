import type { ModelFiles } from './model-files'
import { OnnxError, reasonOf } from './onnx-runtime'

/** What an ONNX model's files say of its sequences; null where they say nothing. */
export interface OnnxConfig {
  /** Entries of the vocabulary. */
  readonly vocabulary: number | null
  /** Tokens that the model has positions for. */
  readonly maxPositions: number | null
  /** What stands behind a sequence that is shorter than others of its batch. */
  readonly padId: number
  /** Values of a hidden state. */
  readonly hidden: number | null
}

/**
 * The model's `config.json`. Graphs take tokens of any number and count, and some give nonsense for those that the
 * model does not know; so its limits are read here.
 *
 * @throws {OnnxError} if there is none, or it is not JSON
 */
export async function readOnnxConfig(files: ModelFiles): Promise<OnnxConfig> {
  const path = 'config.json'
  if (!(await files.has(path))) throw new OnnxError(`${files.name}: there is no ${path}`)
  let json: Readonly<Record<string, unknown>>
  try {
    json = JSON.parse(await files.text(path))
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new OnnxError(`${files.name}/${path}: the file is not JSON: ${reasonOf(cause)}`, { cause })
  }
  if (typeof json !== 'object' || json === null)
    throw new OnnxError(`${files.name}/${path}: the file is not a JSON object`)
  const count = (...keys: readonly string[]) => {
    const found = keys.map(key => json[key]).find(value => typeof value === 'number' && value > 0)
    return (found as number | undefined) ?? null
  }
  return {
    vocabulary: count('vocab_size'),
    maxPositions: count('max_position_embeddings', 'n_positions', 'max_seq_len'),
    padId: count('pad_token_id') ?? 0,
    hidden: count('hidden_size', 'n_embd', 'd_model', 'dim'),
  }
}

import type { ModelFiles } from '../io/model-files'
import { readJsonObject } from '../io/onnx-config'
import { OnnxError } from '../io/onnx-runtime'

/** Which of a text's tokens make its vector: the mean of all, the first, or the last. */
export type TokenPooling = 'mean' | 'cls' | 'last'

/** What a folder of sentence-transformers does with hidden states; null where it does not say. */
export interface PoolingConfig {
  readonly pooling: TokenPooling | null
  /** Why there is none, if the folder asks for one that is not computed here. */
  readonly unknown: string | null
  readonly normalize: boolean | null
  readonly maxTokens: number | null
}

type Json = Readonly<Record<string, unknown>>

/** `pooling_mode` of newer folders, and the flags of older ones. */
const NAMES: Readonly<Record<string, TokenPooling>> = { mean: 'mean', cls: 'cls', lasttoken: 'last' }
const FLAGS: Readonly<Record<string, TokenPooling>> = {
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_cls_token: 'cls',
  pooling_mode_lasttoken: 'last',
}

/**
 * Reads `modules.json`, the folder of its pooling (`1_Pooling/config.json`) and `sentence_bert_config.json`.
 *
 * @throws {OnnxError} if one is not JSON, or the folder has a step that is not computed here, such as a dense layer
 */
export async function readPooling(files: ModelFiles): Promise<PoolingConfig> {
  const modules = await readJsonObject(files, 'modules.json')
  const steps = (modules ? Object.values(modules) : []).map(step => ({
    kind: String((step as Json | null)?.type)
      .split('.')
      .at(-1)!,
    path: String((step as Json | null)?.path),
  }))
  const other = steps.find(({ kind }) => !['Transformer', 'Pooling', 'Normalize'].includes(kind))
  if (other) {
    throw new OnnxError(
      `${files.name}: modules.json has a step of type ${other.kind}; Transformer, Pooling and Normalize are computed here`,
    )
  }
  const folder = steps.find(({ kind }) => kind === 'Pooling')?.path ?? '1_Pooling'
  const config = (await readJsonObject(files, `${folder}/config.json`)) ?? {}
  const { max_seq_length } = (await readJsonObject(files, 'sentence_bert_config.json')) ?? {}
  return {
    ...poolingOf(config, `${files.name}/${folder}/config.json`),
    normalize: modules ? steps.some(({ kind }) => kind === 'Normalize') : null,
    maxTokens: typeof max_seq_length === 'number' && max_seq_length >= 1 ? max_seq_length : null,
  }
}

function poolingOf(config: Json, name: string): Pick<PoolingConfig, 'pooling' | 'unknown'> {
  const modes =
    typeof config.pooling_mode === 'string'
      ? [config.pooling_mode]
      : Object.keys(config).filter(key => key.startsWith('pooling_mode_') && config[key] === true)
  const [mode] = modes
  if (mode === undefined) return { pooling: null, unknown: null }
  const pooling = NAMES[mode] ?? FLAGS[mode]
  if (modes.length === 1 && pooling !== undefined) return { pooling, unknown: null }
  return { pooling: null, unknown: `${name} asks for ${modes.join(' and ')}` }
}

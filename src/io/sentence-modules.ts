import type { ModelFiles } from './model-files'

/** Which token states make a text's vector: the first token's, the last token's, or the mean of all. */
export type TokenPooling = 'cls' | 'last' | 'mean'

/** What a sentence-transformers folder says of how texts become vectors; null where it says nothing. */
export interface SentenceModules {
  readonly pooling: TokenPooling | null
  /** Whether vectors have length 1. */
  readonly normalize: boolean | null
  /** Tokens of a text, those that the tokenizer adds among them. */
  readonly maxTokens: number | null
  /** Whether texts are brought to lower case before the tokenizer sees them. */
  readonly lowerCase: boolean
  /** What stands in front of every text unless a caller says otherwise. */
  readonly prefix: string
}

/** A sentence-transformers folder whose files are damaged, or ask for something that is not computed here. */
export class SentenceModulesError extends Error {
  override name = 'SentenceModulesError'
}

type Json = Readonly<Record<string, unknown>>

/** Values of `pooling_mode`, and flags `pooling_mode_…` of older files. */
const modes: Readonly<Record<string, TokenPooling>> = {
  ...{ cls: 'cls', mean: 'mean', lasttoken: 'last' },
  ...{ cls_token: 'cls', mean_tokens: 'mean' },
}

/**
 * Reads `modules.json`, `1_Pooling/config.json`, `sentence_bert_config.json` and `config_sentence_transformers.json`,
 * each where it is there: see https://sbert.net/docs/package_reference/sentence_transformer/models.html.
 *
 * @param pooling stands in for that of the folder, which then may be one that is not computed
 * @throws {SentenceModulesError} for a file that is damaged, and for modules or pooling modes that are not computed
 */
export async function readSentenceModules(
  files: ModelFiles,
  pooling: TokenPooling | null = null,
): Promise<SentenceModules> {
  const { normalize, folder } = await readModules(files)
  const transformer = await readObject(files, 'sentence_bert_config.json')
  const { max_seq_length: most = null, do_lower_case: lowerCase = false } = transformer
  if (most !== null && !(Number.isSafeInteger(most) && (most as number) > 0))
    throw refusal(files, 'sentence_bert_config.json', 'max_seq_length', most, 'expected a positive integer')
  if (typeof lowerCase !== 'boolean')
    throw refusal(files, 'sentence_bert_config.json', 'do_lower_case', lowerCase, 'expected true or false')
  return {
    pooling: pooling ?? (folder === null ? null : await readPooling(files, folder)),
    normalize,
    maxTokens: most as number | null,
    lowerCase,
    prefix: await readPrefix(files),
  }
}

/** Whether vectors have length 1, and the folder that says how tokens are pooled, if they are. */
async function readModules(
  files: ModelFiles,
): Promise<Pick<SentenceModules, 'normalize'> & { readonly folder: string | null }> {
  const path = 'modules.json'
  const usual = '1_Pooling'
  if (!(await files.has(path))) return { normalize: null, folder: usual }
  const list = await readJson(files, path)
  if (!Array.isArray(list)) throw new SentenceModulesError(`${files.name}/${path}: it is not a JSON list`)
  const modules = list.map(module => {
    const { type, path: folder } = (module ?? {}) as Json
    // Its package and module changed over the years; the class did not.
    return { kind: typeof type === 'string' ? type.split('.').at(-1) : type, folder }
  })
  const kinds = modules.map(({ kind }) => kind)
  const order = ['Transformer', 'Pooling', 'Normalize'].slice(0, kinds.length)
  if (kinds.length === 0 || kinds.join() !== order.join())
    throw new SentenceModulesError(
      `${files.name}/${path}: the modules are ${JSON.stringify(kinds)}, expected Transformer, Pooling and Normalize, ` +
        'of which the last ones may be missing',
    )
  const folder = modules[1]?.folder ?? usual
  if (typeof folder !== 'string' || !/^[\w-]+$/.test(folder))
    throw new SentenceModulesError(
      `${files.name}/${path}: Pooling has the path ${JSON.stringify(folder)}, expected a folder`,
    )
  return { normalize: kinds.length === 3, folder: kinds.length > 1 ? folder : null }
}

async function readPooling(files: ModelFiles, folder: string): Promise<TokenPooling | null> {
  const path = `${folder}/config.json`
  if (!(await files.has(path))) return null
  const config = await readObject(files, path)
  // The vector of a text would be that of its other tokens alone.
  if (config.include_prompt === false)
    throw refusal(files, path, 'include_prompt', false, 'which is not supported')
  const { pooling_mode: named } = config
  const chosen =
    named === undefined
      ? Object.keys(config).filter(key => key.startsWith('pooling_mode_') && config[key] === true)
      : [named]
  const [mode] = chosen.map(key => String(key).replace(/^pooling_mode_/, ''))
  if (chosen.length === 1 && mode !== undefined && Object.hasOwn(modes, mode)) return modes[mode]!
  throw new SentenceModulesError(
    `${files.name}/${path}: the pooling is ${JSON.stringify(chosen)}, expected one of cls, mean and lasttoken. ` +
      'Choose the pooling yourself and leave the file out',
  )
}

async function readPrefix(files: ModelFiles): Promise<string> {
  const path = 'config_sentence_transformers.json'
  const { prompts, default_prompt_name: name = null } = await readObject(files, path)
  if (name === null) return ''
  const prompt: unknown =
    typeof name === 'string' &&
    typeof prompts === 'object' &&
    prompts !== null &&
    Object.hasOwn(prompts, name)
      ? Reflect.get(prompts, name)
      : undefined
  if (typeof prompt === 'string') return prompt
  throw refusal(files, path, 'default_prompt_name', name, 'expected the name of one of its prompts')
}

const refusal = ({ name }: ModelFiles, path: string, key: string, value: unknown, problem: string) =>
  new SentenceModulesError(`${name}/${path}: ${key} is ${JSON.stringify(value)}, ${problem}`)

/** The object in a file; an empty one where there is no such file. */
async function readObject(files: ModelFiles, path: string): Promise<Json> {
  if (!(await files.has(path))) return {}
  const value = await readJson(files, path)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw new SentenceModulesError(`${files.name}/${path}: it is not a JSON object`)
}

async function readJson(files: ModelFiles, path: string): Promise<unknown> {
  const text = await files.text(path)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SentenceModulesError(`${files.name}/${path}: it is not JSON: ${(cause as Error).message}`, {
      cause,
    })
  }
}

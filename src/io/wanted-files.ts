/** Beside the weights: what tells how to compute with them, and how text becomes tokens. */
const small = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  // Of sentence-transformers: how vectors of tokens become one of a text.
  'modules.json',
  'config_sentence_transformers.json',
  'sentence_bert_config.json',
  '1_Pooling/config.json',
  // Of PEFT.
  'adapter_config.json',
])

export const isWeights = (path: string): boolean => path.endsWith('.safetensors')

const shard = /^model-\d+-of-\d+\.safetensors$/

/**
 * The files of a model that computing with it takes, out of those it has. Weights that are there twice are taken
 * once: neither pickles, ONNX and GGUF, nor shards beside a single file, which is read first.
 */
export function wantedFiles(paths: readonly string[], include?: (path: string) => boolean): Set<string> {
  const has = new Set(paths)
  const isOne = has.has('model.safetensors')
  const isWanted = (path: string) =>
    small.has(path) ||
    path === 'model.safetensors' ||
    path === 'adapter_model.safetensors' ||
    (!isOne && (path === 'model.safetensors.index.json' || shard.test(path)))
  return new Set(paths.filter(path => isWanted(path) || include?.(path) === true))
}

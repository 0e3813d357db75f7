import { writeSafetensors } from '../../src/io/safetensors'
import { bert } from '../../src/models/bert'
import { Config } from '../../src/models/config'
import { type BertGraph, type BertShape, bertGraph, NORM_EPS } from './bert-graph'
import { type HostWeights, randomWeights } from './random-weights'
import { wordPieceFiles } from './word-piece'

/** That of all-MiniLM-L6-v2. */
export const miniLm: BertShape = {
  vocabulary: 30522,
  hidden: 384,
  intermediate: 1536,
  layers: 6,
  heads: 12,
  positions: 512,
}

/** Tokens of a text, as all-MiniLM-L6-v2 was trained with. */
const MAX_TOKENS = 256

export const bertConfig = (shape: BertShape) => ({
  model_type: 'bert',
  architectures: ['BertModel'],
  vocab_size: shape.vocabulary,
  hidden_size: shape.hidden,
  intermediate_size: shape.intermediate,
  num_hidden_layers: shape.layers,
  num_attention_heads: shape.heads,
  max_position_embeddings: shape.positions,
  type_vocab_size: 2,
  layer_norm_eps: NORM_EPS,
  hidden_act: 'gelu',
  pad_token_id: 0,
})

export const bertWeights = (shape: BertShape, seed: number): HostWeights =>
  randomWeights(bert.blueprint(new Config(bertConfig(shape), 'bench')).weights, seed)

/**
 * The folder of a sentence encoder with these weights and the mean of all tokens: for us in safetensors, and as ONNX
 * graph with its weights beside it.
 */
export function encoderFiles(
  shape: BertShape,
  weights: HostWeights,
  texts: readonly string[],
  way: BertGraph,
): Map<string, Blob> {
  const { graph, data, file } = bertGraph(shape, weights, way)
  return new Map([
    ...wordPieceFiles(texts, shape.vocabulary, MAX_TOKENS),
    ['config.json', new Blob([JSON.stringify(bertConfig(shape))])],
    ['sentence_bert_config.json', new Blob([JSON.stringify({ max_seq_length: MAX_TOKENS })])],
    ['model.safetensors', new Blob([writeSafetensors(weights)])],
    ['onnx/model.onnx', new Blob([graph])],
    [`onnx/${file}`, new Blob([data])],
  ])
}

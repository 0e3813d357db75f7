import type { ContainerName } from '../../src/index'
import type { StorageName } from '../model-protocol'

export const containerNames: Readonly<Record<ContainerName, string>> = {
  json: 'JSON',
  jsonl: 'JSON lines',
  csv: 'CSV',
  tsv: 'TSV',
  parquet: 'Parquet',
}

const formats: Readonly<Record<string, string>> = {
  alpaca: 'Alpaca',
  sharegpt: 'ShareGPT',
  messages: 'OpenAI messages',
  standard: 'TRL, texts',
  conversational: 'TRL, messages',
  ultrafeedback: 'UltraFeedback',
}

export const formatName = (format: string): string => formats[format] ?? format

/** Ways to store weights, for people. */
export const storageLabels: Readonly<Record<StorageName, string>> = {
  f32: 'f32',
  f16: 'fp16',
  int8: 'int8',
  int4: 'int4',
}

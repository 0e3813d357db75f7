import type { ContainerName } from '../../src/index'

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

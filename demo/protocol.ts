import type { ContainerName, PairFormat, Problem, RowFormat, WriteOptions } from '../src/index'
import type { KeptPlace, StorageName, TemplateName } from './model-protocol'

/** The GPU that the page runs on. */
export interface DeviceInfo {
  readonly name: string
  /** Emulated on the CPU. */
  readonly software: boolean
}

export interface ModelInfo {
  readonly name: string
  /** It came with the page. */
  readonly bundled: boolean
  /** Where it is kept in this browser, if it is. */
  readonly kept: KeptPlace | null
  readonly storage: StorageName
  /** Bytes of its weights on the GPU. */
  readonly weightBytes: number
  /** Number of weights. */
  readonly parameters: number
  /** Tokens that fit. */
  readonly context: number
  readonly vocabulary: number
  /** Whether it has adapters that were trained to score. */
  readonly scorers: boolean
  /** Why it cannot score at all; null where it can. */
  readonly noScores: string | null
  /** Whether it has a chat template of its own. */
  readonly ownTemplate: boolean
  /** Those that can stand in for it. */
  readonly templates: readonly TemplateName[]
  /** What stands in for its own; null for none. */
  readonly template: TemplateName | null
}

/** The model that is there after a model was to be loaded. */
export interface LoadOutcome {
  readonly model: ModelInfo
  /** Why it is not that one; null also where the visitor cancelled. */
  readonly failure: Failure | null
  /** It is the one that was asked for. */
  readonly loaded: boolean
}

/** How answers are written. */
export interface AnswerSettings {
  readonly maxTokens: number
  readonly temperature: number
  readonly topP: number
  readonly topK: number
  readonly repetitionPenalty: number
  readonly seed: number
}

/** A file that the visitor gave, and how to read it where that is not to be told by its content. */
export interface Given<Format = string> {
  readonly file: Blob
  readonly name: string
  readonly container?: ContainerName
  readonly format?: Format
}

export type GivenRows = Given<RowFormat>
export type GivenPairs = Given<PairFormat>

/** What was read from a file of rows or of pairs. */
export interface FileSummary {
  readonly name: string
  readonly bytes: number
  readonly container: ContainerName
  /** It was packed with gzip. */
  readonly gzip: boolean
  readonly format: string
  readonly usable: number
  readonly total: number
  /** The first `problemLimit` of them. */
  readonly problems: readonly Problem[]
}

/** Problems shown in the page; `selection.jsonl` and the report's counts have all. */
export const problemLimit = 200

/** The same prompt, answered without and with the adapter. */
export interface AnswerPair {
  readonly prompt: string
  readonly before: string
  readonly after: string
}

/** How the chosen rows are written, where that is not as they came. */
export type RowWriting = WriteOptions<RowFormat>

export interface OutputFile {
  /** With its folder, as in the archive. */
  readonly name: string
  readonly description: string
  readonly blob: Blob
}

/** What went wrong, for the page. */
export interface Failure {
  /** The error's class. */
  readonly name: string
  readonly message: string
}

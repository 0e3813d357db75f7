import type { HubReason } from '../src/index'

/** How a model's weights lie in GPU memory, as `tabtune --storage` calls it. */
export const storageNames = ['f32', 'f16', 'int8', 'int4'] as const
export type StorageName = (typeof storageNames)[number]

/** A chat template that can stand in for a model's own, as `tabtune --template` calls it. */
export const templateNames = ['alpaca', 'vicuna', 'tulu', 'zephyr', 'chatml', 'llama3'] as const
export type TemplateName = (typeof templateNames)[number]

/** A model of the Hub. */
export interface HubPlace {
  readonly kind: 'hub'
  readonly id: string
  /** Branch, tag or commit; null for the main branch. */
  readonly revision: string | null
  /** Goes to the Hub, and nowhere else. */
  readonly token: string | null
}

/** A model that is kept in this browser, whole: nothing is asked of anybody. */
export interface KeptPlace {
  readonly kind: 'kept'
  readonly id: string
  readonly commit: string
}

/** Files that the visitor chose or dropped, by their paths. */
export interface FolderPlace {
  readonly kind: 'folder'
  readonly name: string
  readonly files: ReadonlyMap<string, Blob>
}

/** Where a model comes from. */
export type ModelPlace =
  | { readonly kind: 'bundled'; readonly address: string }
  | HubPlace
  | KeptPlace
  | FolderPlace

/** A model, and how it is to be used. */
export interface ModelChoice {
  readonly place: ModelPlace
  readonly storage: StorageName
}

/** Bytes of GPU memory that a model takes in a storage. */
export interface StorageNeeds {
  readonly storage: StorageName
  readonly weights: number
  /** While it reads `READ_TOKENS` tokens. */
  readonly reading: number
  /** With the usual options of training; null where a tensor would be too large for this GPU. */
  readonly training: number | null
}

/** Tokens that the estimate of reading is for: an answer with its prompt, or two answers of training. */
export const READ_TOKENS = 1024

export interface ListedFile {
  readonly path: string
  readonly bytes: number
}

/** What is known of a model's inside before it is loaded. */
export interface ModelSize {
  readonly architecture: string
  /** Number of weights. */
  readonly parameters: number
  /** Tokens that fit. */
  readonly context: number
  readonly needs: readonly StorageNeeds[]
}

/** What is known of a model before it is downloaded. */
export interface ModelFacts {
  readonly place: Exclude<ModelPlace, { readonly kind: 'bundled' }>
  readonly name: string
  /** The commit that is used; null for a folder. */
  readonly commit: string | null
  /** As its card says; null where it says nothing. */
  readonly license: string | null
  /** Its page on the Hub; null for a folder. */
  readonly page: string | null
  /** Its owner wants its terms accepted first. */
  readonly gated: boolean
  /** The files that it takes. */
  readonly files: readonly ListedFile[]
  readonly bytes: number
  /** Bytes of those that are in this browser already. */
  readonly present: number
  /** Whether the browser keeps what is downloaded. */
  readonly keeps: boolean
  /** Or why it cannot be used. */
  readonly size: ModelSize | { readonly unusable: string; readonly wantsToken: boolean }
}

/** Why the Hub does not say more. */
export interface Refusal {
  readonly reason: HubReason
  readonly message: string
  /** A token of somebody who may read it would help. */
  readonly wantsToken: boolean
}

export type LookUp = { readonly facts: ModelFacts } | { readonly refusal: Refusal }

/** A model in this browser. */
export interface KeptModel {
  readonly id: string
  readonly commit: string
  readonly revisions: readonly string[]
  readonly bytes: number
  readonly size: number
  readonly complete: boolean
  readonly lastUsed: Date | null
}

export interface Shelf {
  readonly models: readonly KeptModel[]
  /** Bytes that can still be kept, where the browser says so. */
  readonly free: number | null
}

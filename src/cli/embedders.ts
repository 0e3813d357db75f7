import { type Embedder, hashedNgrams, lastHiddenState } from '../index'
import type { Machine } from './machine'

/** An embedder that people can name. */
export interface NamedEmbedder {
  readonly summary: string
  readonly model: boolean
  open(machine: Machine): Promise<Embedder>
}

export const embedders: Readonly<Record<string, NamedEmbedder>> = {
  'hashed-ngrams': {
    summary: 'shared wording, without a model',
    model: false,
    open: async machine => hashedNgrams(await machine.gpu()),
  },
  'last-hidden-state': {
    summary: "the model's last hidden state, as Deita's",
    model: true,
    open: async machine => lastHiddenState(await machine.model()),
  },
}

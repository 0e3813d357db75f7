import {
  type Embedder,
  encoderEmbedder,
  hashedNgrams,
  lastHiddenState,
  meanHiddenState,
  positionWeightedMean,
} from '../index'
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
  'mean-hidden-state': {
    summary: "the mean of the model's hidden states",
    model: true,
    open: async machine => meanHiddenState(await machine.model()),
  },
  'position-weighted-mean': {
    summary: 'the same, later tokens weighing more, as RDS+',
    model: true,
    open: async machine => positionWeightedMean(await machine.model()),
  },
  encoder: {
    summary: 'an encoder such as all-MiniLM-L6-v2 as --model, with the pooling of its files',
    model: true,
    open: async machine => encoderEmbedder(await machine.encoder()),
  },
}

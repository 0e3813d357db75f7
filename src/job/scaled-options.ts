import type { Recipe } from './recipe'

/** What all scaled recipes have. */
export const adapter = { trained: 'lora', rank: 16 } as const

/** Why they have it. */
export const whyAdapter: Recipe['why'] = {
  trained: 'An adapter takes a fraction of the memory, and is a file of a few megabytes.',
  rank: 'Enough for a few thousand examples.',
  learningRate: 'LoRA learns at about ten times the rate of full training.',
  batchSize: 'What one GPU holds at once.',
  accumulation: 'A step sees fewer examples, since there are fewer: else there would be a handful of steps.',
}

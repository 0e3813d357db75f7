import { dpo } from '../losses/dpo'
import type { PairLoss } from '../losses/loss'
import { sampo } from '../losses/sampo'

/** Losses by the name that people type. */
export const jobLosses: Readonly<Record<string, (options: { beta: number }) => PairLoss>> = {
  dpo,
  sampo,
}

/** Everything that decides a job's result, besides its inputs. */
export interface JobOptions {
  /** Rows to keep at most. `null`: a tenth of those that can be read, and no more than Deita's 6000. */
  readonly budget: number | null
  /** Cosine above which a row is too similar to a kept one. */
  readonly threshold: number
  /** A name of `jobLosses`. */
  readonly loss: string
  readonly beta: number
  readonly rank: number
  readonly learningRate: number
  readonly epochs: number
  /** Optimizer steps at most; `null` for all of the epochs. */
  readonly steps: number | null
  /** Pairs of one forward and backward pass. */
  readonly batchSize: number
  /** Passes of one optimizer step. */
  readonly accumulation: number
  /** Computes layers again in the backward pass: a third more work, much less memory. */
  readonly recompute: boolean
  /** Share of the steps over which the learning rate rises. */
  readonly warmupRatio: number
  /** Tokens of prompt and answer together; longer ones lose their end. */
  readonly maxLength: number
  readonly seed: number
}

/** The learning rate suits a model as small as the bundled one; see docs/training.md. */
export const defaultJobOptions: JobOptions = {
  budget: null,
  threshold: 0.9,
  loss: 'dpo',
  beta: 0.1,
  rank: 16,
  learningRate: 1e-3,
  epochs: 1,
  steps: null,
  batchSize: 4,
  accumulation: 2,
  recompute: false,
  warmupRatio: 0.1,
  maxLength: 512,
  seed: 0,
}

/** The budget as a number of rows. */
export const budgetFor = ({ budget }: Pick<JobOptions, 'budget'>, rows: number): number =>
  budget ?? Math.min(6000, Math.ceil(rows / 10))

/** What decides which rows of a job are kept, besides its inputs. */
export interface JobOptions {
  /** Rows to keep at most. `null`: a tenth of those that can be read, and no more than Deita's 6000. */
  readonly budget: number | null
  /** Cosine above which a row is too similar to a kept one. */
  readonly threshold: number
}

export const defaultJobOptions: JobOptions = { budget: null, threshold: 0.9 }

/** The budget as a number of rows. */
export const budgetFor = ({ budget }: Pick<JobOptions, 'budget'>, rows: number): number =>
  budget ?? Math.min(6000, Math.ceil(rows / 10))

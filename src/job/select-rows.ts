import { hashedNgrams } from '../embedding/hashed-ngrams'
import { textVectors } from '../embedding/vectors'
import type { Gpu } from '../gpu/gpu'
import type { ScoredRow } from '../scoring/scorer'
import { deita } from '../selection/deita'
import { type Selection, type SelectOptions, select } from '../selection/selector'
import { budgetFor, type JobOptions } from './options'
import { rowText } from './row-text'

/** Deita's selection over scored rows, which are compared by their hashed n-grams. */
export function selectRows(
  gpu: Gpu,
  scored: readonly ScoredRow[],
  options: Pick<JobOptions, 'budget' | 'threshold'>,
  progress: SelectOptions = {},
): Promise<Selection> {
  const items = scored.map(({ row, score }) => ({ index: row.index, id: row.id, score, text: rowText(row) }))
  const selector = deita({ budget: budgetFor(options, scored.length), threshold: options.threshold })
  return select({ items, vectors: textVectors(hashedNgrams(gpu)) }, selector, progress)
}

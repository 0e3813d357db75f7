import {
  budgetFor,
  type Gpu,
  hashedNgrams,
  LiveSelection,
  type Pool,
  type RowFile,
  rowText,
  type ScoredRow,
  type Scorer,
  type Selection,
  type SelectionRecord,
  selectionRecords,
  textVectors,
} from '../../src/index'
import type { Choice, Distribution, NearPair, SelectionSummary, Side, SimilarityJoin } from '../row-protocol'
import { type Groups, groupsOf } from './groups'
import { cutReasons, distributionsOf, type Measure, measuresOf } from './measures'
import { need } from './results'
import { RowTable } from './row-table'

/** A selection and what it came from. */
export interface Selected {
  readonly choice: Choice
  /** Where the scores, and the vectors that are compared, come from. */
  readonly scores: string
  readonly vectors: string
  readonly selection: Selection
  readonly summary: SelectionSummary
  /** One for every row of the file, in the file's order. */
  records(): SelectionRecord[]
}

/** The scored rows of a file, and which of them are chosen. */
export class Curation {
  readonly table: RowTable
  readonly #measures: readonly Measure[]
  readonly #file: RowFile
  readonly scored: readonly ScoredRow[]
  readonly items: Pool['items']
  /** Where the rows come from, where a field of theirs tells. */
  readonly groups: Groups | null
  readonly #scores: string
  #live: { readonly selection: LiveSelection; readonly vectors: string } | null = null
  #selected: Selected | null = null

  constructor(file: RowFile, scored: readonly ScoredRow[], { name, keys }: Pick<Scorer, 'name' | 'keys'>) {
    this.#scores = name
    this.#file = file
    this.scored = scored
    this.#measures = measuresOf(scored, keys)
    const groups = groupsOf(scored.map(({ row }) => row))
    this.groups = groups
    this.items = scored.map(({ row, score }, n) => {
      const source = groups?.values[n]
      return { index: row.index, id: row.id, score, text: rowText(row), ...(source ? { source } : {}) }
    })
    this.table = new RowTable(file, scored, this.#measures)
  }

  get selected(): Selected | null {
    return this.#selected
  }

  /** The scored rows with their vectors. */
  pool(gpu: Gpu): Required<Pool> {
    return { items: this.items, vectors: textVectors(hashedNgrams(gpu)) }
  }

  /** How the measures are spread, with the rows that are kept, if any are. */
  distributions({ outcomes }: Pick<Selection, 'outcomes'> = { outcomes: [] }): Distribution[] {
    const kept = new Uint8Array(this.scored.length)
    for (let n = 0; n < outcomes.length; n++) if (outcomes[n]!.decision.kind === 'kept') kept[n] = 1
    return distributionsOf(this.#measures, kept)
  }

  /** Finds all pairs of rows above `lowest`, after which every choice is answered at once. */
  async join(
    gpu: Gpu,
    lowest: number,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<SimilarityJoin> {
    const begin = performance.now()
    const pool = this.pool(gpu)
    const live = await LiveSelection.create(pool, { lowest, signal, onProgress })
    this.#live = { selection: live, vectors: pool.vectors.name }
    const seconds = (performance.now() - begin) / 1000
    return { lowest: live.lowest, pairs: live.pairCount, seconds }
  }

  /** Deita's selection under a choice, exactly. */
  choose(choice: Choice): SelectionSummary {
    const live = need(this.#live, 'comparison of the rows')
    const budget = budgetFor(choice, this.scored.length)
    const exclude = cutReasons(this.scored, this.#measures, choice.cuts)
    for (const row of choice.drop) exclude.set(row, 'you left it out')
    // A pin is the visitor's last word on a row, so it counts more than a cut.
    for (const row of choice.keep) exclude.delete(row)
    const keep = new Set(choice.keep)
    const selection = live.selection.select({ budget, threshold: choice.threshold, keep, exclude })
    this.table.selection = selection
    const summary = {
      counts: this.table.counts,
      total: this.#file.total,
      budget,
      choice,
      distributions: this.distributions(selection),
    }
    const records = () => selectionRecords(this.#file, this.scored, selection)
    this.#selected = {
      choice,
      scores: this.#scores,
      vectors: live.vectors,
      selection,
      summary,
      records,
    }
    return summary
  }

  /** Pairs of similar rows on one side of the threshold, those nearest to it first. */
  pairs(threshold: number, side: Side, limit: number): NearPair[] {
    const pairs = this.#live?.selection.pairsNear(threshold, limit, side) ?? []
    return pairs.map(({ index, other, similarity }) => ({
      rows: [this.table.row(index), this.table.row(other)],
      similarity,
    }))
  }
}

import { transfer } from 'comlink'
import { type Comparison, columnScorer, type Model, type RowFile, readRows, score } from '../../src/index'
import type { FileSummary, GivenRows, OutputFile, RowWriting } from '../protocol'
import type {
  Choice,
  Column,
  Distribution,
  MapState,
  NearPair,
  RowDetail,
  RowMap,
  ScoreColumns,
  ScoreSummary,
  SelectionSummary,
  Side,
  SimilarityJoin,
  StrategyName,
  TablePage,
  TableQuery,
  TableRow,
} from '../row-protocol'
import { StrategyPool } from './compare-strategies'
import { Curation, type Selected } from './curation'
import type { Engine } from './engine'
import { gradeColumnsOf } from './grade-columns'
import { layOut } from './lay-out'
import type { LongCalls, OnProgress } from './long-calls'
import { SCORE } from './measures'
import { selectedRows } from './outputs'
import { described, type Input, need } from './results'
import { scoreColumnsOf } from './score-columns'

/** The instruction rows of a session: read, scored, compared and chosen. */
export class RowSession {
  readonly #engine: () => Engine
  readonly #calls: LongCalls
  #input: Input<RowFile> | null = null
  #curation: Curation | null = null
  #strategies: { readonly model: Model; readonly pool: StrategyPool } | null = null

  constructor(engine: () => Engine, calls: LongCalls) {
    this.#engine = engine
    this.#calls = calls
  }

  get input(): Input<RowFile> | null {
    return this.#input
  }

  get selected(): Selected | null {
    return this.#curation?.selected ?? null
  }

  async read(given: GivenRows, onProgress: OnProgress): Promise<FileSummary> {
    const { file, ...how } = given
    const read = await readRows(file, { ...how, ...this.#calls.reading(onProgress) })
    this.#input = { file: read, ...(await described(given, read)) }
    this.forgetScores()
    return this.#input.summary
  }

  /** @param columns by a score's name: the column of the rows that has it; none where the model is to score */
  async score(columns: ScoreColumns | null, onProgress: OnProgress): Promise<ScoreSummary> {
    const { file } = need(this.#input, 'rows')
    const begin = performance.now()
    const scorer = columns ? columnScorer(columns) : this.#engine().scorer.scorer
    const rows = await score(file.rows, scorer, { signal: this.#calls.begin(), onProgress })
    this.forgetScores()
    this.#curation = new Curation(file, rows, scorer)
    return {
      rows: rows.length,
      truncated: rows.filter(({ exchanges }) => exchanges.some(({ truncated }) => truncated)).length,
      seconds: (performance.now() - begin) / 1000,
      groupField: this.#curation.groups?.field ?? null,
    }
  }

  /** Scores that the rows bring along. */
  scoreColumns(): ScoreColumns | null {
    return scoreColumnsOf(need(this.#input, 'rows').file.rows)
  }

  /** Columns of the rows that a scorer can learn from. */
  gradeColumns(): string[] {
    return gradeColumnsOf(need(this.#input, 'rows').file.rows)
  }

  /** Drops what was made of the rows. */
  forgetScores(): void {
    this.#curation = null
    this.#strategies = null
  }

  columns(): readonly Column[] {
    return this.#scored.table.columns
  }

  distributions(): Distribution[] {
    return this.#scored.distributions()
  }

  /** Compares the rows, after which every choice with a threshold of `lowest` or more is answered at once. */
  join(lowest: number, onProgress: OnProgress): Promise<SimilarityJoin> {
    return this.#scored.join(this.#engine().gpu, lowest, this.#calls.begin(), onProgress)
  }

  choose(choice: Choice): SelectionSummary {
    return this.#scored.choose(choice)
  }

  table(query: TableQuery): TablePage {
    return this.#curation?.table.page(query) ?? { matches: 0, rows: [] }
  }

  tableRows(rows: readonly number[]): TableRow[] {
    return rows.map(row => this.#scored.table.row(row))
  }

  detail(row: number, other: number | null): RowDetail {
    return this.#scored.table.detail(row, other)
  }

  nearPairs(threshold: number, side: Side, limit: number): NearPair[] {
    return this.#curation?.pairs(threshold, side, limit) ?? []
  }

  async map(onProgress: OnProgress): Promise<RowMap> {
    const curation = this.#scored
    const { scored } = curation
    const { gpu } = this.#engine()
    const { x, y, projection } = await layOut(gpu, curation.pool(gpu), this.#calls.begin(), onProgress)
    const rows = Uint32Array.from(scored, ({ row }) => row.index)
    const { groups } = curation
    const map = {
      rows,
      x,
      y,
      projection,
      groupField: groups?.field ?? null,
      groupNames: groups?.names ?? [],
      groups: groups?.of.slice() ?? new Uint8Array(rows.length),
    }
    return transfer(map, [rows.buffer, x.buffer, y.buffer, map.groups.buffer])
  }

  /** Compares the selection with as many rows chosen in other ways. */
  compare(names: readonly StrategyName[], onProgress: OnProgress): Promise<Comparison> {
    const curation = this.#scored
    const { selection, choice } = need(curation.selected, 'selected rows')
    const { gpu, model } = this.#engine()
    if (this.#strategies?.model !== model) {
      const pool = new StrategyPool(curation.scored, curation.items, model)
      this.#strategies = { model, pool }
    }
    const chosen = { name: 'Yours', selection, threshold: choice.threshold }
    const { vectors } = curation.pool(gpu)
    return this.#strategies.pool.compare(names, chosen, vectors, this.#calls.begin(), onProgress)
  }

  /** The chosen rows in another format than they came in. */
  export(how: RowWriting): Promise<Pick<OutputFile, 'name' | 'blob'>> {
    const selected = need(this.#scored.selected, 'selected rows')
    return selectedRows(need(this.#input, 'rows').file, selected, how)
  }

  /** What colours the points of the map of these rows. */
  mapState(rows: Uint32Array): MapState {
    const { table } = this.#scored
    return { decisions: table.decisions(rows), scores: table.column(SCORE, rows) }
  }

  get #scored(): Curation {
    return need(this.#curation, 'scores')
  }
}

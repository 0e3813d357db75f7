import {
  budgetFor,
  type EncodedPairs,
  encodeForJob,
  generate,
  type JobOptions,
  type PairFile,
  type RowFile,
  readPairs,
  readRows,
  score,
  selectionRecords,
  selectRows,
} from '../../src/index'
import type {
  AnswerPair,
  DeviceInfo,
  Distribution,
  FileSummary,
  ModelInfo,
  ModelSource,
  OutputFile,
  RowDetail,
  ScoreSummary,
  SelectionSummary,
  TablePage,
  TableQuery,
  TrainingEvent,
  TrainingPlan,
  TrainingResult,
} from '../protocol'
import { distributions } from './distribution'
import { Engine } from './engine'
import { outputFiles } from './outputs'
import { described, type Input, need, type Scored, type Selected, type Trained } from './results'
import { RowTable } from './row-table'
import { runTraining } from './run-training'
import { planTraining } from './training-plan'

type OnProgress = (fraction: number) => void

/**
 * One visitor's work, in the worker: the data, the results, and the engine on the GPU. Long calls take a callback and
 * end early at `cancel`. The page makes one long call at a time.
 */
export class Session {
  #engine: Engine | null = null
  #model: ModelInfo | null = null
  #source: ModelSource | null = null
  #encoded: { readonly maxLength: number; readonly value: EncodedPairs } | null = null
  #abort = new AbortController()
  #rows: Input<RowFile> | null = null
  #pairs: Input<PairFile> | null = null
  #scored: Scored | null = null
  #selected: Selected | null = null
  #table: RowTable | null = null
  #trained: Trained | null = null
  #answers: readonly AnswerPair[] = []

  /** Opens the GPU, again if it was lost. What was read and computed stays. */
  async open(onLost: (reason: string) => void): Promise<DeviceInfo> {
    this.#engine?.[Symbol.dispose]()
    this.#engine = null
    this.#engine = await Engine.open(onLost)
    return this.#engine.info
  }

  /** Replaces the model. What was computed with the one before is dropped. */
  async loadModel(source: ModelSource, onProgress: OnProgress): Promise<ModelInfo> {
    const info = await this.#gpu.load(source, this.#begin(), onProgress)
    this.#model = info
    this.#source = source
    this.#encoded = null
    this.#scored = null
    this.#selected = null
    this.#table = null
    this.#trained = null
    this.#answers = []
    return info
  }

  /** After `open`: the same model once more, with the adapter that was trained. */
  async reloadModel(onProgress: OnProgress): Promise<ModelInfo> {
    this.#model = await this.#gpu.load(need(this.#source, 'model'), this.#begin(), onProgress)
    if (this.#trained) this.#gpu.restore(this.#trained.adapter)
    return this.#model
  }

  /** Ends the long call that is running. */
  cancel(): void {
    this.#abort.abort()
  }

  async readRows(file: Blob, name: string, onProgress: OnProgress): Promise<FileSummary> {
    const read = await readRows(file, { name, ...this.#reading(onProgress) })
    this.#rows = { file: read, ...(await described(file, name, read)) }
    this.#scored = null
    this.#selected = null
    this.#table = null
    return this.#rows.summary
  }

  async readPairs(file: Blob, name: string, onProgress: OnProgress): Promise<FileSummary> {
    const read = await readPairs(file, { name, ...this.#reading(onProgress) })
    this.#pairs = { file: read, ...(await described(file, name, read)) }
    this.#encoded = null
    this.#gpu.adopt(null)
    this.#trained = null
    this.#answers = []
    return this.#pairs.summary
  }

  /** Prompts of pairs with a single turn, to try the model with. */
  prompts(): string[] {
    const pairs = this.#pairs?.file.pairs ?? []
    return pairs.flatMap(({ prompt }) => (prompt.length === 1 ? [prompt[0]!.content] : [])).slice(0, 100)
  }

  async score(onProgress: OnProgress): Promise<ScoreSummary> {
    const { file } = need(this.#rows, 'rows')
    const begin = performance.now()
    const { scorer } = this.#gpu.scorer
    const rows = await score(file.rows, scorer, { signal: this.#begin(), onProgress })
    this.#scored = { keys: scorer.keys, rows }
    this.#selected = null
    this.#table = null
    return {
      rows: rows.length,
      truncated: rows.filter(({ exchanges }) => exchanges.some(({ truncated }) => truncated)).length,
      seconds: (performance.now() - begin) / 1000,
    }
  }

  /** The spread of the scores, with the rows that are kept so far. */
  distributions(): Distribution[] {
    const { rows, keys } = need(this.#scored, 'scores')
    return distributions(rows, keys, new Set(this.#selected?.selection.kept))
  }

  /** @param budget `null` for the usual share of the rows */
  async select(
    { budget, threshold }: Pick<JobOptions, 'budget' | 'threshold'>,
    onProgress: OnProgress,
  ): Promise<SelectionSummary> {
    const { file } = need(this.#rows, 'rows')
    const { rows } = need(this.#scored, 'scores')
    const selection = await selectRows(
      this.#gpu.gpu,
      rows,
      { budget, threshold },
      { signal: this.#begin(), onProgress: ({ decided, total }) => onProgress(decided / total) },
    )
    const records = selectionRecords(file, rows, selection)
    const counts = {
      kept: 0,
      similar: 0,
      duplicate: 0,
      excluded: 0,
      'beyond budget': 0,
      invalid: 0,
      unreadable: 0,
    }
    for (const { decision } of records) counts[decision]++
    const summary = {
      counts,
      total: records.length,
      budget: budgetFor({ budget }, rows.length),
      threshold,
    }
    this.#table = new RowTable(file, records)
    this.#selected = { selection, records, summary }
    return summary
  }

  table(query: TableQuery): TablePage {
    return this.#table?.page(query) ?? { matches: 0, rows: [] }
  }

  detail(row: number, other: number | null): RowDetail {
    return need(this.#table, 'selection').detail(row, other)
  }

  async plan(options: JobOptions): Promise<TrainingPlan> {
    return planTraining(this.#gpu.model, this.#encode(options), options)
  }

  /** Cancelled after its first step, it keeps the adapter as it is and measures it; cancelled again, it ends at once. */
  async train(options: JobOptions, onEvent: (event: TrainingEvent) => void): Promise<TrainingResult> {
    const encoded = this.#encode(options)
    this.#trained = null
    this.#answers = []
    this.#trained = await runTraining(this.#gpu, encoded, options, () => this.#begin(), onEvent)
    return this.#trained.result
  }

  /** Answers without the adapter, then with it if there is one. Cancelled, it keeps what was written so far. */
  async answer(
    prompt: string,
    maxTokens: number,
    onText: (side: 'before' | 'after', text: string) => void,
  ): Promise<void> {
    const { model, adapter } = this.#gpu
    const signal = this.#begin()
    const answers = { before: '', after: '' }
    const sides = adapter ? (['before', 'after'] as const) : (['before'] as const)
    try {
      for (const side of sides) {
        const map = side === 'after' ? adapter!.map : null
        const turns = [{ role: 'user', content: prompt }]
        for await (const text of generate(model, turns, { adapter: map, maxTokens, signal })) {
          answers[side] += text
          onText(side, text)
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    if (adapter && answers.after) this.#answers = [...this.#answers, { prompt, ...answers }]
  }

  /** Every file that the results so far give. */
  outputs(): Promise<OutputFile[]> {
    return outputFiles({
      gpu: this.#gpu.gpu,
      files: this.#gpu.files,
      model: need(this.#model, 'model'),
      rows: this.#rows,
      pairs: this.#pairs,
      distributions: this.#scored ? this.distributions() : [],
      selected: this.#selected,
      trained: this.#trained,
      answers: this.#answers,
    })
  }

  get #gpu(): Engine {
    return need(this.#engine, 'GPU')
  }

  #begin(): AbortSignal {
    this.#abort = new AbortController()
    return this.#abort.signal
  }

  #reading(onProgress: OnProgress) {
    return {
      signal: this.#begin(),
      onProgress: ({ bytes, totalBytes }: { bytes: number; totalBytes: number }) =>
        onProgress(totalBytes === 0 ? 1 : bytes / totalBytes),
    }
  }

  /** Tokenizing takes longer than all the rest of a plan, and depends on one option only. */
  #encode(options: JobOptions): EncodedPairs {
    const { maxLength } = options
    if (this.#encoded?.maxLength !== maxLength) {
      const { pairs } = need(this.#pairs, 'pairs').file
      this.#encoded = { maxLength, value: encodeForJob(this.#gpu.model, pairs, options) }
    }
    return this.#encoded.value
  }
}

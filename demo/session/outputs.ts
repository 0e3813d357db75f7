import {
  defaultJobOptions,
  fileExtension,
  type Gpu,
  type ModelInfo as HubInfo,
  jobManifest,
  jsonLines,
  type Manifest,
  type ModelFiles,
  type PairFile,
  type RowFile,
  type TrainingConfig,
  writeRows,
} from '../../src/index'
import type { AnswerPair, ModelInfo, OutputFile, RowWriting } from '../protocol'
import type { Selected } from './curation'
import { digestsOf } from './model-digests'
import type { Input, Trained } from './results'
import { storages } from './storages'
import { trainingFiles } from './training-files'

/** All that a session has come to. */
export interface Results {
  readonly gpu: Gpu
  readonly files: ModelFiles
  /** What the Hub said of the model, where it is kept from there. */
  readonly listed: HubInfo | null
  readonly model: ModelInfo
  readonly rows: Input<RowFile> | null
  readonly pairs: Input<PairFile> | null
  readonly selected: Selected | null
  readonly trained: Trained | null
  readonly answers: readonly AnswerPair[]
}

export type Content = string | Uint8Array<ArrayBuffer>

/** The files under the names that `tabtune run` gives them, and a report for people; the manifest has all their hashes. */
export async function outputFiles(results: Results): Promise<OutputFile[]> {
  const { gpu, files, listed, model, rows, pairs, selected, trained } = results
  if (!selected && !trained) return []
  const outputs = new Map<string, Content>()
  const about = new Map<string, string>()
  const add = (name: string, description: string, content: Content) => {
    outputs.set(name, content)
    about.set(name, description)
  }
  if (rows && selected) {
    const { container } = rows.file
    // A table needs a row for the names of its columns.
    if (selected.selection.kept.length > 0 || container === 'json' || container === 'jsonl') {
      const own = await selectedRows(rows.file, selected, {})
      add(
        own.name,
        'The chosen rows, best first, unchanged in the format they came in',
        new Uint8Array(await own.blob.arrayBuffer()),
      )
    }
    add(
      'selection.jsonl',
      'Every row of the file with its decision, reason, rank and scores',
      jsonLines(selected.records()),
    )
  }
  if (trained)
    for (const { name, description, content } of trainingFiles(results, trained))
      add(name, description, content)
  const { report } = await import('./report')
  add('report.html', 'All of it to read, in one file', report(results))
  const digests = [rows, pairs, trained?.input].flatMap(input => (input ? [input.digest] : []))
  const manifest = await jobManifest({
    gpu,
    model: {
      name: model.name,
      files: await digestsOf(files, listed),
      ...(model.storage === 'f32' ? {} : { storage: storages[model.storage].name }),
      ...(model.template ? { template: model.template } : {}),
    },
    options: JSON.parse(JSON.stringify(usedOptions(results))) as Manifest['options'],
    inputs: digests.filter(({ sha256 }, n) => digests.findIndex(one => one.sha256 === sha256) === n),
    outputs,
  })
  add(
    'manifest.json',
    'Versions, options and the hashes of all files',
    `${JSON.stringify(manifest, null, 2)}\n`,
  )
  return [...outputs].map(([name, content]) => ({
    name,
    description: about.get(name)!,
    blob: new Blob([content], { type: typeOf(name) }),
  }))
}

/**
 * The chosen rows, best first, as the file they came in or as another.
 *
 * @throws {DataError} if a row has no place in the other format
 */
export async function selectedRows(
  file: RowFile,
  { selection }: Selected,
  how: RowWriting,
): Promise<Pick<OutputFile, 'name' | 'blob'>> {
  const positions = new Map(file.rows.map(({ index }, position) => [index, position]))
  const kept = selection.kept.map(index => positions.get(index)!)
  const blob = await writeRows(file, kept, how)
  const { container = file.container, gzip = file.gzip } = how
  // Parquet packs its own pages.
  const extension = fileExtension({ container, gzip: gzip && container !== 'parquet' })
  return { name: `selected${extension}`, blob }
}

/** What a selection was made from, and what the visitor decided about single rows; absent where there is nothing. */
export interface SelectionOptions {
  readonly budget: number | null
  readonly threshold: number
  /** Where the scores, and the vectors that are compared, come from. */
  readonly scores?: string
  readonly vectors?: string
  /** By the name of a score: rows with less were left out. */
  readonly cuts?: Readonly<Record<string, number>>
  readonly pins?: { readonly keep: readonly number[]; readonly drop: readonly number[] }
}

/** What the results were made with; the usual options of a selection where there is none. */
export function usedOptions({
  selected,
  trained,
}: Pick<Results, 'selected' | 'trained'>): Partial<TrainingConfig> & SelectionOptions {
  const { budget, threshold } = defaultJobOptions
  if (!selected) return { budget, threshold, ...trained?.config }
  const { budget: used, choice } = selected.summary
  const { cuts, keep, drop } = choice
  const { scores, vectors } = selected
  return {
    budget: used,
    threshold: choice.threshold,
    ...{ scores, vectors },
    ...(Object.keys(cuts).length > 0 ? { cuts } : {}),
    ...(keep.length + drop.length > 0 ? { pins: { keep, drop } } : {}),
    ...trained?.config,
  }
}

function typeOf(name: string): string {
  if (name.endsWith('.html')) return 'text/html'
  if (name.endsWith('.json')) return 'application/json'
  return name.endsWith('.jsonl') ? 'application/jsonl' : 'application/octet-stream'
}

import { existsSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  exportModel,
  folderStore,
  type JobIdentity,
  latestCheckpoint,
  type Model,
  type ModelFiles,
  type RunStore,
  type Trainable,
  type TrainingConfig,
  type TrainingEvent,
} from '../index'
import { BEGUN_FILE, type BegunRun } from './begun-run'
import { writeWhole } from './files'
import { MetricsFile } from './metrics-file'
import { UsageError } from './options'
import { isAdapter, writeAdapter, writeExported, writeManifest } from './training-files'

/** The config of a run in its folder. */
export const CONFIG_FILE = 'training.json'

/** Where a run stands that was ended. */
interface Place {
  readonly round: number
  readonly step: number
}

/**
 * The folder of a run and the order in which it is written. A run that goes on changes nothing but checkpoints before
 * it has taken over the last one: until then the folder is that of a run whose results may be better. From then on, as
 * from the beginning of a new one, the files are this run's.
 */
export class RunFolder {
  #isTaken = false

  private constructor(
    readonly path: string,
    readonly store: RunStore,
    private readonly config: TrainingConfig,
    private readonly left: Place | null,
    readonly metrics: MetricsFile,
  ) {}

  /**
   * Looks into a folder, and changes nothing.
   *
   * @throws {UsageError} for what is no folder, for a run that is not asked to go on, and where there is none to go on
   */
  static async open(path: string, config: TrainingConfig, resume: boolean): Promise<RunFolder> {
    const found = await stat(path).catch(() => null)
    if (found && !found.isDirectory()) throw new UsageError(`--out ${path} is a file, expected a folder`)
    const checkpoints = join(path, 'checkpoints')
    const left = await placeOf(checkpoints, config)
    if (left && !resume)
      throw new UsageError(
        `${path} holds a run that stopped after step ${left.step}: go on with --resume, or name another folder`,
      )
    if (resume && !left && !existsSync(join(path, CONFIG_FILE)))
      throw new UsageError(`${path} holds no run that could go on; leave out --resume to begin one`)
    const metrics = await MetricsFile.open(join(path, 'metrics.jsonl'), { resume })
    return new RunFolder(path, folderStore(checkpoints), config, left, metrics)
  }

  /** Whether the files are this run's. */
  get isTaken(): boolean {
    return this.#isTaken
  }

  /** Begins a run, unless there is a checkpoint to go on from: that is compared first. */
  async begin(begun: BegunRun): Promise<void> {
    await mkdir(this.path, { recursive: true })
    if (this.left) return
    await writeWhole(join(this.path, BEGUN_FILE), `${JSON.stringify(begun, null, 2)}\n`)
    await this.#take()
  }

  /** What an event says of whose the files are. To be called before anything is written of it. */
  async follow(event: TrainingEvent): Promise<void> {
    if (this.#isTaken) return
    const isLast =
      event.kind === 'checkpoint' && this.left?.round === event.round && this.left.step <= event.step
    if (isLast || event.kind === 'step' || event.kind === 'done') await this.#take()
  }

  async #take(): Promise<void> {
    this.#isTaken = true
    await writeWhole(join(this.path, CONFIG_FILE), `${JSON.stringify(this.config, null, 2)}\n`)
  }

  /** Writes metrics, what is trained, and the manifest of all. */
  async writeResults(
    trainable: Trainable,
    model: Model,
    files: ModelFiles,
    identity: JobIdentity,
    onProgress: (fraction: number) => void,
  ): Promise<void> {
    await this.metrics.flush()
    const kind = isAdapter(trainable) ? 'adapter' : 'model'
    const folder = join(this.path, kind)
    const names = isAdapter(trainable)
      ? await writeAdapter(folder, trainable, model.name)
      : await writeExported(folder, await exportModel(model.network, files), onProgress)
    const written = [CONFIG_FILE, 'metrics.jsonl', ...names.map(name => `${kind}/${name}`)]
    await writeManifest(this.path, identity, written)
  }

  writeReport(html: string): Promise<void> {
    return writeWhole(join(this.path, 'report.html'), html)
  }
}

/** Where the last checkpoint is, of the last round that has one. */
async function placeOf(checkpoints: string, { rounds }: TrainingConfig): Promise<Place | null> {
  if (rounds === undefined) {
    const latest = await latestCheckpoint(folderStore(checkpoints))
    return latest && { round: 1, step: latest.step }
  }
  for (let round = rounds; round >= 1; round--) {
    const latest = await latestCheckpoint(folderStore(join(checkpoints, `round-${round}`)))
    if (latest) return { round, step: latest.step }
  }
  return null
}

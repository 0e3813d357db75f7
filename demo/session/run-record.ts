import type { RunStore, TrainingConfig } from '../../src/index'
import type { ModelChoice } from '../model-protocol'
import type { TimedEvaluation, TimedStep } from '../parts/chart-data'
import type { Given } from '../protocol'
import type { KeptRun } from '../training-protocol'

/** Data files beyond this many bytes are not kept with a training: they are asked for again. */
const MOST_DATA = 256e6

const [RECORD, DATA, SEEN] = ['run.json', 'data', 'seen.json']

/** What a training was begun with. */
export interface RunRecord {
  readonly config: TrainingConfig
  readonly model: KeptRun['model']
  readonly data: Omit<Given, 'file'> & {
    readonly here: boolean
    readonly choice: KeptRun['data']['choice']
    /** The rows that it is, by their places in the file; null for all. */
    readonly rows: readonly number[] | null
  }
}

/** What its steps have shown, as far as the last checkpoint. */
export interface SeenSteps {
  readonly steps: readonly TimedStep[]
  readonly evaluations: readonly TimedEvaluation[]
  readonly totalSteps: number
  /** The checkpoint's. */
  readonly step: number
  /** When it was, in ms. */
  readonly written: number
}

type Shown = Pick<SeenSteps, 'steps' | 'evaluations' | 'totalSteps'>

/** Keeps what a training needs to go on, besides its checkpoints, which lie in the same store. */
export class RunKeeper {
  constructor(readonly store: RunStore) {}

  /** Takes the place of the training before. A data file that is too large, or does not fit, is not kept. */
  async begin(record: Omit<RunRecord, 'data'> & { readonly data: Given & RunRecord['data'] }): Promise<void> {
    await this.discard()
    const { file, ...data } = record.data
    const here = file.size <= MOST_DATA && (await this.#keep(file))
    await this.#write(RECORD, { ...record, model: withoutToken(record.model), data: { ...data, here } })
  }

  /** Notes what was shown, beside a checkpoint that was just written. */
  async noteSteps({ steps, evaluations, totalSteps }: Shown, step: number): Promise<void> {
    const seen: SeenSteps = { steps, evaluations, totalSteps, step, written: Date.now() }
    await this.#write(SEEN, seen)
  }

  /** The training that is kept; null if there is none that can go on. */
  async kept(): Promise<(RunRecord & SeenSteps & Pick<KeptRun, 'bytes'>) | null> {
    const [record, seen] = [await this.#read<RunRecord>(RECORD), await this.#read<SeenSteps>(SEEN)]
    return record && seen ? { ...record, ...seen, bytes: await this.#bytes('') } : null
  }

  /** The data file, where it is kept. */
  async data(): Promise<Given | null> {
    const record = await this.#read<RunRecord>(RECORD)
    const bytes = record?.data.here ? await this.store.read(DATA) : null
    if (!record || !bytes) return null
    const { here: _, choice: __, rows: ___, ...how } = record.data
    return { ...how, file: new Blob([bytes]) }
  }

  async discard(): Promise<void> {
    // First what says that there is one, should this be ended half-way.
    await this.store.remove(RECORD)
    for (const name of await this.store.list('')) await this.store.remove(name)
  }

  async #keep(file: Blob): Promise<boolean> {
    try {
      await this.store.write(DATA, new Uint8Array(await file.arrayBuffer()))
      return true
    } catch {
      // Without it the visitor gives the file again.
      await this.store.remove(DATA)
      return false
    }
  }

  async #bytes(folder: string): Promise<number> {
    let bytes = 0
    for (const name of await this.store.list(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`
      bytes += (await this.store.open(path))?.size ?? (await this.#bytes(path))
    }
    return bytes
  }

  async #read<T>(name: string): Promise<T | null> {
    const bytes = await this.store.read(name)
    if (!bytes) return null
    try {
      return JSON.parse(new TextDecoder().decode(bytes)) as T
    } catch (error) {
      // Half-written where a browser cannot rename.
      if (error instanceof SyntaxError) return null
      throw error
    }
  }

  #write(name: string, value: unknown): Promise<void> {
    return this.store.write(name, new TextEncoder().encode(JSON.stringify(value)))
  }
}

/** A token of the Hub is the visitor's to keep. */
function withoutToken({ choice, ...model }: KeptRun['model']): KeptRun['model'] {
  const place: ModelChoice['place'] | undefined = choice?.place
  if (!choice || place?.kind !== 'hub') return { ...model, choice }
  return { ...model, choice: { ...choice, place: { ...place, token: null } } }
}

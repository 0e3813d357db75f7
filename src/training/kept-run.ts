import type { Gpu } from '../gpu/gpu'
import { type Checkpoint, type CheckpointState, latestCheckpoint, writeCheckpoint } from './checkpoint'
import { CheckpointError } from './errors'
import type { Example } from './examples'
import { checkFingerprint, type Fingerprint, isSamePart } from './fingerprint'
import { type References, startingLogProbs } from './reference'
import { cachedReferences, labelledReferences, pairReferences, type ReferenceKind } from './reference-cache'
import { modelProbe, runFingerprint } from './run-fingerprint'
import { type CheckpointOptions, referenceSource, type TrainOptions } from './train-options'
import type { Trainable } from './trainable'

/** The part of a fingerprint that is the probe of the reference. */
const START = 'model at the start'

/** A run's place in a store: what it goes on from, and when it is written again. */
export class KeptRun {
  #saved: number
  #savedAt = performance.now()

  private constructor(
    private readonly options: CheckpointOptions,
    readonly fingerprint: Fingerprint,
    /** What the model was when the run began. */
    private readonly start: string | null,
    readonly resumed: Checkpoint | null,
  ) {
    this.#saved = resumed?.step ?? 0
  }

  /**
   * Looks for a checkpoint to go on from.
   *
   * @throws {CheckpointError} for a store that holds another run, or a run that was not asked to go on
   */
  static async open(
    trainable: Trainable,
    examples: readonly Example[],
    totalSteps: number,
    options: TrainOptions & { readonly checkpoint: CheckpointOptions },
  ): Promise<KeptRun> {
    const { store, resume = false, onDamaged } = options.checkpoint
    const latest = await latestCheckpoint(store, { onDamaged })
    if (latest && !resume) {
      throw new CheckpointError(
        `${store.name} holds a run that stopped after step ${latest.step}. Resume it, or remove its checkpoints, or name another store`,
      )
    }
    const fingerprint = await runFingerprint(trainable, examples, totalSteps, options)
    const source = referenceSource(options)
    const needsStart = source === 'copy' || (source === 'cached' && !options.references)
    const start = needsStart ? await modelProbe(trainable, examples) : null
    const begun = latest?.fingerprint[START]
    if (latest) {
      // Log-probs of the start may be in the store, and a copy that moves is in the checkpoint: then it is not needed.
      const mayDiffer = source === 'cached' || options.sync !== undefined
      const compared = mayDiffer ? begun : start
      checkFingerprint(latest.fingerprint, withStart(fingerprint, compared), latest.file)
    }
    return new KeptRun(options.checkpoint, withStart(fingerprint, begun ?? start), start, latest)
  }

  /**
   * Reference log-probs of the model as it was when the run began: those in the store, or computed and put there.
   *
   * @throws {CheckpointError} where they are not there and what is trained is not as it was
   * @throws {RunStoreFullError} where space runs out; what was computed stays
   */
  references(
    trainable: Trainable,
    examples: readonly Example[],
    { signal, onReference }: Pick<TrainOptions, 'signal' | 'onReference'>,
  ): Promise<References> {
    const { data, [START]: start } = this.fingerprint
    const of = { data: data!, [START]: start!, ...this.options.fingerprint }
    const compute = async (part: readonly Example[], report: (done: number) => void) => {
      if (!isSamePart(start!, this.start!)) {
        throw new CheckpointError(
          `the reference log-probs of the run are not in ${this.options.store.name}, and what is trained is not as it was when the run began: resume with the model and adapter that it was begun with`,
        )
      }
      return startingLogProbs(trainable, part, { ...(signal ? { signal } : {}), onProgress: report })
    }
    const kind = ('chosen' in examples[0]! ? pairReferences : labelledReferences) as ReferenceKind<
      Example,
      References[number]
    >
    const options = { signal, onProgress: onReference }
    return cachedReferences(this.options.store, of, examples, kind, compute, options) as Promise<References>
  }

  /** Whether a checkpoint is to be written after so many steps. */
  isDue(step: number): boolean {
    const { everySteps, everySeconds = everySteps === undefined ? 60 : Number.POSITIVE_INFINITY } =
      this.options
    const isTime = performance.now() - this.#savedAt >= everySeconds * 1000
    return isTime || (everySteps !== undefined && step % everySteps === 0)
  }

  /** Writes a checkpoint, unless that of its step is there. @throws {RunStoreFullError} where space runs out */
  async save(gpu: Gpu, state: Omit<CheckpointState, 'fingerprint'>): Promise<void> {
    if (this.#saved === state.step) return
    await writeCheckpoint(gpu, this.options.store, { ...state, fingerprint: this.fingerprint })
    this.#saved = state.step
    this.#savedAt = performance.now()
    this.options.onCheckpoint?.(state.step, 'written')
  }
}

const withStart = (fingerprint: Fingerprint, start: string | null | undefined): Fingerprint =>
  start === null || start === undefined ? fingerprint : { ...fingerprint, [START]: start }

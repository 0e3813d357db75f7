import { type AdapterInfo, adapterName } from './adapter-info'
import { BindGroups } from './bind-groups'
import type { Command } from './commands'
import type { Counters } from './counters'
import { GpuError, OutOfMemoryError } from './errors'
import { Failures } from './failures'
import type { Feature } from './features'
import {
  type Arguments,
  type Bindings,
  bindDims,
  type Dtype,
  type FreeParams,
  foldWorkgroups,
  type Kernel,
  type Params,
  packedParams,
} from './kernel'
import { Memory } from './memory'
import { Pipelines } from './pipelines'
import { BufferPool } from './pool'
import { Recording } from './recording'
import { Staging } from './staging'
import { Submission } from './submission'
import { Tensor } from './tensor'
import { DeviceQueue, type WorkQueue } from './work-queue'

/**
 * Owns a WebGPU device: its memory, its pipelines and the commands not yet submitted.
 *
 * Commands run in the order of the calls. Nothing is submitted before `submit()`, a read, or a full list.
 */
export class Gpu implements Disposable {
  readonly counters: Counters = { buffers: 0, bindGroups: 0, pipelines: 0, submits: 0, dispatches: 0 }
  readonly #memory: Memory
  readonly #pipelines: Pipelines
  readonly #bindGroups: BindGroups
  /** For tensors of the caller. */
  readonly #pool: BufferPool
  /** For tensors inside recordings; all recordings share it, as they never run at the same time. */
  readonly #scratch: BufferPool
  readonly #submission: Submission
  readonly #staging: Staging
  readonly #failures: Failures
  #recording: Recording | null = null
  readonly #recordings = new Set<Recording>()

  constructor(
    readonly device: GPUDevice,
    readonly adapter: AdapterInfo,
    /** The optional features that are on. Kernels that require one must have a stand-in without. */
    readonly features: ReadonlySet<Feature> = new Set(),
  ) {
    const memory = new Memory(device, this.counters)
    this.#memory = memory
    this.#pipelines = new Pipelines(device, features, this.counters)
    this.#bindGroups = new BindGroups(device, this.counters)
    this.#pool = new BufferPool(memory.storage)
    this.#scratch = new BufferPool(memory.storage)
    this.#submission = new Submission(new DeviceQueue(device), memory, this.counters, () => this.check())
    this.#staging = new Staging(memory.staging)
    this.#failures = new Failures(device, this.adapterName)
  }

  /** The adapter's name for people. */
  get adapterName(): string {
    return adapterName(this.adapter)
  }

  /** Whether the work runs on the CPU. */
  get software(): boolean {
    return this.adapter.software
  }

  /** Bytes of GPU memory held now, and the most that was held. */
  get memory(): { readonly allocated: number; readonly peak: number } {
    return { allocated: this.#memory.allocated, peak: this.#memory.peak }
  }

  /**
   * A tensor of `shape`, with `data` in it or else with undefined contents.
   * Inside `record` its memory belongs to the recording and may be reused once it is disposed.
   *
   * @throws {OutOfMemoryError} if it exceeds what one binding may hold
   */
  tensor(shape: readonly number[], data?: Float32Array | Uint32Array | Int32Array): Tensor {
    const dtype: Dtype = data instanceof Uint32Array ? 'u32' : data instanceof Int32Array ? 'i32' : 'f32'
    const tensor = this.empty(shape, dtype)
    if (data) this.write(tensor, data)
    return tensor
  }

  /** As `tensor` without data, with a chosen element type. */
  empty(shape: readonly number[], dtype: Dtype = 'f32'): Tensor {
    const bytes = shape.reduce((a, b) => a * b, 1) * 4
    const limit = this.device.limits.maxStorageBufferBindingSize
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > limit) {
      throw new OutOfMemoryError(
        `tensor [${shape.join(', ')}] needs ${bytes} bytes; ${this.adapterName} binds at most ${limit}`,
      )
    }
    const recording = this.#recording
    const pool = recording ? this.#scratch : this.#pool
    return new Tensor(pool.acquire(bytes), 0, shape, dtype, null, null, ({ block }) => {
      // Scratch memory is free again when its recording ends, and may have been handed out since.
      if (recording === this.#recording || !recording) pool.release(block)
    })
  }

  /** A tensor of zeros. Inside `record`, zero at every replay. */
  zeros(shape: readonly number[], dtype: Dtype = 'f32'): Tensor {
    const tensor = this.empty(shape, dtype)
    this.clear(tensor)
    return tensor
  }

  /** Sets every element to zero. */
  clear(tensor: Tensor): void {
    this.#push({ kind: 'clear', buffer: tensor.block.buffer, offset: tensor.offset, bytes: tensor.bytes })
  }

  /** Copies `from` to `to`, of the same size. */
  copy(from: Tensor, to: Tensor): void {
    if (from.size !== to.size) {
      throw new GpuError(`copy: from has ${from.size} elements, to has ${to.size}`)
    }
    const ends = { from: from.block.buffer, to: to.block.buffer }
    this.#push({ kind: 'copy', ...ends, fromOffset: from.offset, toOffset: to.offset, bytes: from.bytes })
  }

  /** Sets the first `data.length` elements. Ordered with the commands around it. */
  write(tensor: Tensor, data: Float32Array | Uint32Array | Int32Array): void {
    if (this.#recording) throw new GpuError('write: a recording holds no data; write before it, then replay')
    if (data.length > tensor.size) {
      throw new GpuError(`write: ${data.length} elements into [${tensor.shape.join(', ')}]`)
    }
    if (data.length === 0) return
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.#submission.write(tensor, bytes)
  }

  /** Runs a kernel over tensors. `params` are those of its parameters that are not sizes of axes. */
  run<B extends Bindings, P extends Params>(
    kernel: Kernel<B, P>,
    tensors: Arguments<B>,
    params: FreeParams<B, P>,
  ): void {
    const dims = bindDims(kernel, tensors)
    const limit = this.device.limits.maxComputeWorkgroupsPerDimension
    const [x, y, z] = foldWorkgroups(kernel.name, kernel.workgroups(dims), limit)
    if (x * y * z === 0) return
    const compiled = this.#pipelines.get(kernel)
    const values: Record<string, number> = { ...params, ...dims }
    const { uniforms } = this.#recording ?? this.#submission
    const place = compiled.immediate ? null : uniforms.push(kernel.params, values)
    this.#push({
      kind: 'dispatch',
      pipeline: compiled.pipeline,
      bindGroup: this.#bindGroups.get(kernel, compiled, tensors, place?.block ?? null),
      immediates: place ? null : packedParams(kernel.params, values),
      uniform: place && [place.offset],
      ...{ x, y, z, kernel, values },
    })
  }

  /** Submits what is pending. */
  submit(): void {
    this.#submission.submit()
  }

  /**
   * Records the commands of `body` instead of running them. `replay` runs them, any number of times, creating
   * nothing. Tensors made inside share their memory with those of other recordings, so nothing inside
   * outlives a replay: write results to tensors made outside.
   */
  record(body: () => void): Recording {
    if (this.#recording) throw new GpuError('record: already recording')
    this.#scratch.reset()
    const recording = new Recording(this.#memory.uniform, done => this.#forget(done))
    this.#recordings.add(recording)
    this.#recording = recording
    try {
      body()
    } catch (error) {
      this.#recordings.delete(recording)
      this.#drop(recording)
      throw error
    } finally {
      this.#recording = null
    }
    recording.uniforms.upload(this.#submission.queue)
    return recording
  }

  /** Appends a recording's commands to what is pending. @throws {GpuError} if it was disposed */
  replay(recording: Recording): void {
    if (this.#recording) throw new GpuError('replay: already recording; replay when it has ended')
    if (!this.#recordings.has(recording)) throw new GpuError('replay: the recording was disposed')
    this.#submission.replay(recording)
  }

  /**
   * Submits and reads the tensor's values as they are at this point of the command order.
   * The copy is encoded before the first await; the caller may go on encoding.
   */
  read(tensor: Tensor): Promise<Float32Array> {
    return this.#read(tensor, buffer => new Float32Array(buffer))
  }

  /** As `read`, for u32 tensors. */
  readU32(tensor: Tensor): Promise<Uint32Array> {
    return this.#read(tensor, buffer => new Uint32Array(buffer))
  }

  /** Throws what the device reported since the last look. */
  check(): void {
    if (this.#failures.first) throw this.#failures.first
  }

  /** Waits for the GPU to finish what was submitted. */
  async idle(): Promise<void> {
    this.submit()
    await this.#submission.queue.handedOver()
    await this.device.queue.onSubmittedWorkDone()
    this.check()
  }

  /**
   * Gives the memory that nothing uses back to the system. That of recordings only once all are disposed, and none
   * while commands wait to be timed one by one.
   */
  trim(): void {
    this.submit()
    if (this.#submission.queue.handedOver()) return
    const free = [...this.#pool.trim()]
    if (this.#recordings.size === 0) {
      this.#scratch.reset()
      free.push(...this.#scratch.trim())
    }
    this.#memory.freed(free)
    if (free.length > 0) this.#bindGroups.clear()
  }

  /**
   * Sends what is submitted from here on through `queue`; the function returned ends that.
   *
   * @throws {GpuError} if it goes through another already
   */
  divert(queue: WorkQueue): () => void {
    return this.#submission.divert(queue)
  }

  [Symbol.dispose](): void {
    this.#submission.discard()
    this.device.destroy()
  }

  async #read<T>(tensor: Tensor, wrap: (bytes: ArrayBuffer) => T): Promise<T> {
    if (this.#recording) throw new GpuError('read: a recording computes nothing yet; read after a replay')
    const bytes = tensor.bytes
    if (bytes === 0) return wrap(new ArrayBuffer(0))
    const staging = this.#staging.acquire(bytes)
    const { buffer } = tensor.block
    this.#push({ kind: 'copy', from: buffer, fromOffset: tensor.offset, to: staging, toOffset: 0, bytes })
    this.submit()
    const ready = this.#submission.queue.handedOver()
    const result = await this.#staging.take(bytes, staging, ready).catch(async (cause: unknown) => {
      // A lost device rejects the mapping first and says why it was lost a little later.
      await Promise.race([this.device.lost, new Promise(resolve => setTimeout(resolve, 100))])
      throw this.#failures.first ?? new GpuError(`read: ${String(cause)}`, { cause })
    })
    this.check()
    return wrap(result)
  }

  #push(command: Command): void {
    if (this.#recording) this.#recording.push(command)
    else this.#submission.push(command)
  }

  #forget(recording: Recording): void {
    if (!this.#recordings.delete(recording)) return
    // After a failure nothing can be submitted any more, and disposing must not hide what failed.
    if (!this.#failures.first) this.submit()
    this.#drop(recording)
  }

  #drop({ uniforms }: Recording): void {
    const blocks = uniforms.drop()
    if (blocks.length === 0) return
    this.#submission.queue.afterwards(() => this.#memory.destroy(blocks))
    this.#bindGroups.clear()
  }
}

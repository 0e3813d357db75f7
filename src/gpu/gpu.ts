import { type Command, encode } from './commands'
import { DeviceLostError, GpuError, OutOfMemoryError, ValidationError } from './errors'
import { Feed } from './feed'
import {
  type Arguments,
  type Bindings,
  bindDims,
  type Dtype,
  type FreeParams,
  type Kernel,
  type Params,
} from './kernel'
import { Pipelines } from './pipelines'
import { type Block, BufferPool } from './pool'
import { Recording } from './recording'
import { Staging } from './staging'
import { Tensor } from './tensor'
import { Uniforms } from './uniforms'
import { BufferUsage, MAP_READ } from './usage'

/** What has been created and done since the device was opened. Tests hold the replay law with these. */
export interface Counters {
  buffers: number
  bindGroups: number
  pipelines: number
  submits: number
  dispatches: number
}

/** What the system says about the adapter, and whether its work runs on the CPU. */
export interface AdapterInfo {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  readonly software: boolean
}

/** Commands kept back before they are submitted unasked, so that the GPU starts early. */
const PENDING_LIMIT = 1024
const BIND_GROUP_LIMIT = 4096
/** Uploads up to this size travel with the next submit; larger ones go at once. */
const FEED_LIMIT = 1 << 20

/**
 * Owns a WebGPU device: its memory, its pipelines and the commands not yet submitted.
 *
 * Commands run in the order of the calls. Nothing is submitted before `submit()`, a read, or a full list.
 */
export class Gpu implements Disposable {
  readonly counters: Counters = { buffers: 0, bindGroups: 0, pipelines: 0, submits: 0, dispatches: 0 }
  readonly #pipelines: Pipelines
  readonly #pool = new BufferPool(bytes => this.#block(bytes))
  readonly #scratch = new BufferPool(bytes => this.#block(bytes))
  readonly #uniforms = new Uniforms(bytes => this.#uniformBlock(bytes))
  readonly #feed = new Feed(
    bytes => this.#block(bytes),
    ({ size }) => {
      this.#allocated -= size
    },
  )
  readonly #staging: Staging
  #bindGroups = new Map<string, GPUBindGroup>()
  #pending: Command[] = []
  #recording: Recording | null = null
  readonly #recordings = new Set<Recording>()
  #blockIds = 0
  #allocated = 0
  #peak = 0
  #failure: GpuError | null = null

  constructor(
    readonly device: GPUDevice,
    readonly adapter: AdapterInfo,
  ) {
    this.#pipelines = new Pipelines(device, this.counters)
    this.#staging = new Staging(size => {
      this.counters.buffers++
      return device.createBuffer({
        label: 'staging',
        size,
        usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST,
      })
    })
    device.onuncapturederror = ({ error }) => {
      const text = `${this.adapterName}: ${error.message}`
      const memory = typeof GPUOutOfMemoryError !== 'undefined' && error instanceof GPUOutOfMemoryError
      this.#failure ??= memory
        ? new OutOfMemoryError(`${text}. Use a smaller model, shorter texts or a smaller batch`)
        : new ValidationError(text)
    }
    void device.lost.then(info => {
      this.#failure ??= new DeviceLostError(
        `${this.adapterName}: device lost (${info.reason}): ${info.message}`,
      )
    })
  }

  /** The adapter's name for people. */
  get adapterName(): string {
    const { vendor, architecture, device, description } = this.adapter
    return [vendor, architecture, device, description].filter(Boolean).join(' ') || 'unnamed adapter'
  }

  /** Whether the work runs on the CPU. */
  get software(): boolean {
    return this.adapter.software
  }

  /** Bytes of GPU memory held now, and the most that was held. */
  get memory(): { readonly allocated: number; readonly peak: number } {
    return { allocated: this.#allocated, peak: this.#peak }
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
    this.#push({
      kind: 'copy',
      from: from.block.buffer,
      fromOffset: from.offset,
      to: to.block.buffer,
      toOffset: to.offset,
      bytes: from.bytes,
    })
  }

  /** Sets the first `data.length` elements. Ordered with the commands around it. */
  write(tensor: Tensor, data: Float32Array | Uint32Array | Int32Array): void {
    if (this.#recording) throw new GpuError('write: a recording holds no data; write before it, then replay')
    if (data.length > tensor.size) {
      throw new GpuError(`write: ${data.length} elements into [${tensor.shape.join(', ')}]`)
    }
    if (data.length === 0) return
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const { buffer } = tensor.block
    if (bytes.byteLength > FEED_LIMIT) {
      this.submit()
      this.device.queue.writeBuffer(buffer, tensor.offset, bytes as BufferSource)
      return
    }
    if (!this.#feed.fits(bytes.byteLength)) {
      this.submit()
      if (!this.#feed.fits(bytes.byteLength)) this.#feed.grow(bytes.byteLength)
    }
    const from = this.#feed.push(bytes)
    this.#push({
      kind: 'copy',
      from: from.buffer,
      fromOffset: from.offset,
      to: buffer,
      toOffset: tensor.offset,
      bytes: bytes.byteLength,
    })
  }

  /** Runs a kernel over tensors. `params` are those of its parameters that are not sizes of axes. */
  run<B extends Bindings, P extends Params>(
    kernel: Kernel<B, P>,
    tensors: Arguments<B>,
    params: FreeParams<B, P>,
  ): void {
    const dims = bindDims(kernel, tensors)
    const [x, y, z] = this.#fold(kernel.name, kernel.workgroups(dims))
    if (x * y * z === 0) return
    const { pipeline, layout, layoutId } = this.#pipelines.get(kernel)
    const uniforms = this.#recording?.uniforms ?? this.#uniforms
    const { block, offset } = uniforms.push(kernel.params, { ...params, ...dims })
    let key = `${layoutId}|${block.id}`
    const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: { buffer: block.buffer, size: 256 } }]
    for (const name of Object.keys(kernel.bindings)) {
      const tensor = tensors[name]!
      // Shaders may view four values at a time; blocks are multiples of 256 bytes, so rounding up stays inside.
      const size = Math.max(16, Math.ceil(tensor.bytes / 16) * 16)
      key += `|${tensor.block.id}:${tensor.offset}:${size}`
      entries.push({
        binding: entries.length,
        resource: { buffer: tensor.block.buffer, offset: tensor.offset, size },
      })
    }
    const bindGroup = this.#bindGroup(key, layout, entries, kernel.name)
    this.#push({ kind: 'dispatch', pipeline, bindGroup, uniform: [offset], x, y, z })
  }

  /** Submits what is pending. */
  submit(): void {
    if (this.#pending.length === 0 && this.#feed.empty) return
    this.check()
    const { queue } = this.device
    this.#feed.upload(queue)
    this.#uniforms.upload(queue)
    const encoder = this.device.createCommandEncoder()
    encode(encoder, this.#pending)
    this.#pending = []
    queue.submit([encoder.finish()])
    this.counters.submits++
    this.#uniforms.rewind()
  }

  /**
   * Records the commands of `body` instead of running them. `replay` runs them, any number of times, creating
   * nothing. Tensors made inside share their memory with those of other recordings, so nothing inside
   * outlives a replay: write results to tensors made outside.
   */
  record(body: () => void): Recording {
    if (this.#recording) throw new GpuError('record: already recording')
    this.#scratch.reset()
    const recording = new Recording(
      bytes => this.#uniformBlock(bytes),
      done => this.#forget(done),
    )
    this.#recordings.add(recording)
    this.#recording = recording
    try {
      body()
    } catch (error) {
      this.#recordings.delete(recording)
      this.#freed(recording.uniforms.destroy())
      throw error
    } finally {
      this.#recording = null
    }
    recording.uniforms.upload(this.device.queue)
    return recording
  }

  /** Appends a recording's commands to what is pending. @throws {GpuError} if it was disposed */
  replay(recording: Recording): void {
    if (this.#recording) throw new GpuError('replay: already recording; replay when it has ended')
    if (!this.#recordings.has(recording)) throw new GpuError('replay: the recording was disposed')
    this.counters.dispatches += recording.dispatches
    for (const command of recording.commands) this.#pending.push(command)
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
    if (this.#failure) throw this.#failure
  }

  /** Waits for the GPU to finish what was submitted. */
  async idle(): Promise<void> {
    this.submit()
    await this.device.queue.onSubmittedWorkDone()
    this.check()
  }

  /** Gives the memory that nothing uses back to the system. That of recordings only once all are disposed. */
  trim(): void {
    this.submit()
    this.#freed(this.#pool.trim())
    if (this.#recordings.size > 0) return
    this.#scratch.reset()
    this.#freed(this.#scratch.trim())
  }

  [Symbol.dispose](): void {
    this.#pending = []
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
    try {
      await staging.mapAsync(MAP_READ)
    } catch (cause) {
      await Promise.race([this.device.lost, new Promise(resolve => setTimeout(resolve, 100))])
      throw this.#failure ?? new GpuError(`read: ${String(cause)}`, { cause })
    }
    const result = wrap(staging.getMappedRange().slice(0))
    staging.unmap()
    this.#staging.release(bytes, staging)
    this.check()
    return result
  }

  #push(command: Command): void {
    if (this.#recording) {
      this.#recording.push(command)
      return
    }
    if (command.kind === 'dispatch') this.counters.dispatches++
    this.#pending.push(command)
    if (this.#pending.length >= PENDING_LIMIT) this.submit()
  }

  #fold(name: string, [x, y, z]: readonly [number, number?, number?]): [number, number, number] {
    const limit = this.device.limits.maxComputeWorkgroupsPerDimension
    if (x > limit && y === undefined && z === undefined) {
      const rows = Math.ceil(x / limit)
      return [Math.ceil(x / rows), rows, 1]
    }
    if (x > limit || (y ?? 1) > limit || (z ?? 1) > limit) {
      throw new GpuError(
        `${name}: ${x} × ${y ?? 1} × ${z ?? 1} workgroups, at most ${limit} an axis. Split the work`,
      )
    }
    return [x, y ?? 1, z ?? 1]
  }

  #bindGroup(
    key: string,
    layout: GPUBindGroupLayout,
    entries: GPUBindGroupEntry[],
    label: string,
  ): GPUBindGroup {
    let group = this.#bindGroups.get(key)
    if (!group) {
      if (this.#bindGroups.size >= BIND_GROUP_LIMIT) this.#bindGroups = new Map()
      group = this.device.createBindGroup({ label, layout, entries })
      this.counters.bindGroups++
      this.#bindGroups.set(key, group)
    }
    return group
  }

  #forget(recording: Recording): void {
    if (!this.#recordings.delete(recording)) return
    // After a failure nothing can be submitted any more, and disposing must not hide what failed.
    if (!this.#failure) this.submit()
    this.#freed(recording.uniforms.destroy())
  }

  #freed(blocks: readonly Block[]): void {
    if (blocks.length === 0) return
    for (const { size } of blocks) this.#allocated -= size
    // Cached bind groups may hold destroyed buffers, and would keep their memory.
    this.#bindGroups = new Map()
  }

  #block(size: number): Block {
    const usage = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST
    return this.#buffer(size, usage)
  }

  #uniformBlock(size: number): Block {
    return this.#buffer(size, BufferUsage.UNIFORM | BufferUsage.COPY_DST)
  }

  #buffer(size: number, usage: number): Block {
    this.counters.buffers++
    this.#allocated += size
    this.#peak = Math.max(this.#peak, this.#allocated)
    return { id: this.#blockIds++, buffer: this.device.createBuffer({ size, usage }), size }
  }
}

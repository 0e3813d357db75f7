import type * as Ort from 'onnxruntime-web/webgpu'
import { adapterOf } from '../harness/adapter'
import type { Arrays, Contender, Values } from '../harness/contender'
import { type OnnxConstant, type OnnxNode, onnxModel } from './onnx-model'

/** What a graph computes; its inputs have the shapes of what is loaded. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[]
  /** Shapes by name. */
  readonly outputs: Readonly<Record<string, readonly number[]>>
  /** Of inputs and outputs that the graph sees in other shapes than they are loaded with or read in: the same values. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>
  readonly constants?: readonly OnnxConstant[]
  readonly opset?: number
}

export interface OnnxLibrary {
  readonly ort: typeof Ort
  readonly device: GPUDevice
  /** @throws {Error} if an operator would not run on WebGPU */
  session(model: Uint8Array): Promise<Ort.InferenceSession>
  contender(how: string, graph: OnnxGraph): Contender
}

let library: Promise<OnnxLibrary> | null = null

/** ONNX Runtime Web on WebGPU, without a CPU to fall back to. */
export function openOnnxRuntime(): Promise<OnnxLibrary> {
  library ??= open()
  return library
}

async function open(): Promise<OnnxLibrary> {
  copySharedMemory()
  const ort = await import('onnxruntime-web/webgpu')
  ort.env.wasm.numThreads = 1
  ort.env.logLevel = 'error'
  const session = (model: Uint8Array) =>
    ort.InferenceSession.create(model, {
      executionProviders: ['webgpu'],
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    })
  // Its device is made with the first session and goes with the last one: this one stays.
  await session(
    onnxModel(
      [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
      [{ name: 'x', shape: [1] }],
      [{ name: 'y', shape: [1] }],
    ),
  )
  const device: GPUDevice = await ort.env.webgpu.device
  const self: OnnxLibrary = { ort, device, session, contender: (how, graph) => contender(self, how, graph) }
  return self
}

/** A tensor in a buffer of its own. */
interface Held {
  readonly buffer: GPUBuffer
  readonly tensor: Ort.Tensor
}

function contender({ ort, device, session }: OnnxLibrary, how: string, graph: OnnxGraph): Contender {
  let inputs: Readonly<Record<string, Held>> = {}
  let outputs: Readonly<Record<string, Held>> = {}
  let opened: Ort.InferenceSession | null = null

  function held(shape: readonly number[], dataType: 'float32' | 'int32'): Held {
    const bytes = shape.reduce((a, b) => a * b, 4)
    const buffer = device.createBuffer({
      size: Math.ceil(bytes / 16) * 16,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    })
    return { buffer, tensor: ort.Tensor.fromGpuBuffer(buffer, { dataType, dims: [...shape] }) }
  }
  const typeOf = ({ data }: Values): 'float32' | 'int32' =>
    data instanceof Float32Array ? 'float32' : 'int32'
  const mapped = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))

  async function prepare(arrays: Arrays): Promise<Ort.InferenceSession> {
    const shapeOf = (name: string) => graph.shapes?.[name] ?? graph.outputs[name] ?? arrays[name]!.shape
    inputs = Object.fromEntries(
      Object.entries(arrays).map(([name, values]) => [name, held(shapeOf(name), typeOf(values))]),
    )
    outputs = Object.fromEntries(
      Object.keys(graph.outputs).map(name => [name, held(shapeOf(name), 'float32')]),
    )
    const values = Object.entries(arrays).map(([name, values]) => ({
      name,
      shape: shapeOf(name),
      type: typeOf(values),
    }))
    const results = Object.keys(graph.outputs).map(name => ({ name, shape: shapeOf(name) }))
    return session(onnxModel(graph.nodes, values, results, graph))
  }

  return {
    name: 'onnxruntime-web',
    version: ort.env.versions.web ?? '',
    adapter: adapterOf(device),
    how,
    async load(arrays) {
      opened ??= await prepare(arrays)
      for (const [name, { data }] of Object.entries(arrays)) {
        device.queue.writeBuffer(inputs[name]!.buffer, 0, data as Float32Array<ArrayBuffer>)
      }
    },
    async run(times) {
      const feeds = mapped(inputs, ({ tensor }) => tensor)
      const fetches = mapped(outputs, ({ tensor }) => tensor)
      for (let n = 0; n < times; n++) await opened!.run(feeds, fetches)
      await device.queue.onSubmittedWorkDone()
    },
    async read() {
      const read: [string, Values][] = []
      for (const [name, { buffer, tensor }] of Object.entries(outputs)) {
        const { size } = buffer
        const staging = device.createBuffer({
          size,
          usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
        })
        const encoder = device.createCommandEncoder()
        encoder.copyBufferToBuffer(buffer, 0, staging, 0, size)
        device.queue.submit([encoder.finish()])
        await staging.mapAsync(GPUMapMode.READ)
        const data = new Float32Array(staging.getMappedRange().slice(0), 0, tensor.size)
        staging.destroy()
        read.push([name, { shape: graph.outputs[name]!, data }])
      }
      return Object.fromEntries(read)
    },
    async close() {
      await opened?.release()
      for (const { buffer } of [...Object.values(inputs), ...Object.values(outputs)]) buffer.destroy()
    },
  }
}

/**
 * ONNX Runtime's WebAssembly memory is shared, and Dawn in Node writes no buffers from shared memory: copy first.
 * What passes here are its shaders' few sizes, and blocks of rows.
 */
function copySharedMemory(): void {
  if (typeof process === 'undefined') return
  const { writeBuffer } = GPUQueue.prototype
  GPUQueue.prototype.writeBuffer = function (buffer, offset, data, ...range) {
    const shared = data instanceof Uint8Array && data.buffer instanceof SharedArrayBuffer
    const source = shared ? data.slice() : data
    return writeBuffer.call(this, buffer, offset, source as BufferSource, ...range)
  }
}

import type { InferenceSession, Tensor } from 'onnxruntime-web/webgpu'
import { selectInBlocks } from './in-blocks'
import { onnxModel } from './onnx-model'
import { openOnnxRuntime } from './onnxruntime-library'
import type { SelectionPeer } from './selection-peer'

/** Rows by which the bank grows for the graph: few sizes, and all of them multiples of a shader's tile. */
const STEP = 256

/**
 * ONNX Runtime Web on WebGPU: MatMul of the bank with the block, ReduceMax over the bank on the GPU; MatMul of the block
 * with itself. The bank is one buffer of the budget's size on ONNX Runtime's own device, written to as rows are
 * kept; rows that are not there yet are zero, and so never similar.
 *
 * @throws {Error} if an operator would not run on WebGPU
 */
export async function onnxruntime({ blockSize = 512 } = {}): Promise<SelectionPeer> {
  const { ort, device, session } = await openOnnxRuntime()
  const dead = await session(
    onnxModel(
      [
        { op: 'MatMul', inputs: ['bank', 'columns'], outputs: ['similarities'] },
        {
          op: 'ReduceMax',
          inputs: ['similarities'],
          outputs: ['nearest'],
          attributes: { axes: [0], keepdims: 0 },
        },
      ],
      [
        { name: 'bank', shape: ['K', 'E'] },
        { name: 'columns', shape: ['E', 'B'] },
      ],
      [{ name: 'nearest', shape: ['B'] }],
    ),
  )
  const within = await session(
    onnxModel(
      [{ op: 'MatMul', inputs: ['rows', 'columns'], outputs: ['similarities'] }],
      [
        { name: 'rows', shape: ['B', 'E'] },
        { name: 'columns', shape: ['E', 'B'] },
      ],
      [{ name: 'similarities', shape: ['B', 'B'] }],
    ),
  )

  return {
    name: "onnxruntime-web's MatMul",
    version: `onnxruntime-web ${ort.env.versions.web}`,
    adapter: device.adapterInfo.description,
    how: `blocks of ${blockSize}; MatMul, ReduceMax; bank in a buffer of the budget's size`,
    async select(rows, settings) {
      const { dimensions } = rows
      const capacity = Math.ceil(settings.budget / STEP) * STEP
      const bytes = dimensions * 4
      const bank = device.createBuffer({
        size: capacity * bytes,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      })
      let held = 0
      const kept = await selectInBlocks(rows, settings, blockSize, {
        async compare(block, size) {
          const columns = new ort.Tensor('float32', transposed(block, size, dimensions), [dimensions, size])
          const x = new ort.Tensor('float32', block, [size, dimensions])
          const similar = similarities(
            await within.run({ rows: x, columns }),
            'similarities',
            settings.threshold,
          )
          if (held === 0) return { dead: new Float32Array(size), within: similar }
          const filled = Math.ceil(held / STEP) * STEP
          const y = ort.Tensor.fromGpuBuffer(bank, { dataType: 'float32', dims: [filled, dimensions] })
          const nearest = similarities(await dead.run({ bank: y, columns }), 'nearest', settings.threshold)
          return { dead: nearest, within: similar }
        },
        append(block, places) {
          const fresh = new Float32Array(places.length * dimensions)
          for (const [i, place] of places.entries()) {
            fresh.set(block.subarray(place * dimensions, (place + 1) * dimensions), i * dimensions)
          }
          device.queue.writeBuffer(bank, held * bytes, fresh)
          held += places.length
        },
      })
      bank.destroy()
      return kept
    },
    async close() {
      await dead.release()
      await within.release()
    },
  }
}

/** An output's cosines, less the threshold. */
function similarities(
  outputs: InferenceSession.OnnxValueMapType,
  name: string,
  threshold: number,
): Float32Array {
  const { data } = outputs[name] as Tensor
  return (data as Float32Array).map(cosine => cosine - threshold)
}

function transposed(x: Float32Array, rows: number, columns: number): Float32Array {
  const y = new Float32Array(x.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) y[j * rows + i] = x[i * columns + j]!
  return y
}

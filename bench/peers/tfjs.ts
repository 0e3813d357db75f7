import type * as Core from '@tensorflow/tfjs-core'
import { selectInBlocks } from './in-blocks'
import type { SelectionPeer } from './selection-peer'
import { openTfjs } from './tfjs-library'

/**
 * TensorFlow.js on WebGPU: matMul with the bank, greater and any on the GPU; the block with itself alike. The bank is
 * one tensor that grows by concat.
 *
 * @throws {Error} if it does not run on WebGPU
 */
export async function tfjs({ blockSize = 512 } = {}): Promise<SelectionPeer> {
  const { tf, device } = await openTfjs()
  return {
    name: 'tfjs matMul + filter',
    version: `tfjs ${tf.version_core}`,
    adapter: device.adapterInfo.description,
    how: `blocks of ${blockSize}; matMul, greater, any; bank grown by concat`,
    async select(rows, settings) {
      const { dimensions } = rows
      let bank: Core.Tensor2D | null = null
      const above = (x: Core.Tensor, y: Core.Tensor) =>
        tf.greater(tf.matMul(x, y, false, true), settings.threshold)
      let x: Core.Tensor2D | null = null
      const kept = await selectInBlocks(rows, settings, blockSize, {
        async compare(block, size) {
          x?.dispose()
          const taken = tf.tensor2d(block, [size, dimensions])
          x = taken
          const within = tf.tidy(() => above(taken, taken))
          const held = bank
          const dead = held ? tf.tidy(() => tf.any(above(taken, held), 1)) : tf.zeros([size])
          const [deadValues, withinValues] = await Promise.all([dead.data(), within.data()])
          tf.dispose([dead, within])
          return { dead: deadValues, within: withinValues }
        },
        append(_, places) {
          const held = bank
          bank = tf.tidy(() => {
            const fresh = tf.gather(x!, tf.tensor1d(Int32Array.from(places), 'int32'))
            return held ? tf.concat2d([held, fresh], 0) : fresh
          })
          held?.dispose()
        },
      })
      tf.dispose([x, bank].filter(tensor => tensor !== null))
      return kept
    },
    close() {},
  }
}

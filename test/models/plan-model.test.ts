import { expect } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { dpo } from '../../src/losses/dpo'
import { loadModel } from '../../src/models/load-model'
import { planModel } from '../../src/models/plan-model'
import { f16 } from '../../src/ops/format-f16'
import { estimateTraining } from '../../src/training/estimate-training'
import { test } from '../gpu'
import { folder, untied } from './llama-fixture'

const answer = { ids: new Uint32Array(40), answerBegin: 20 }
const pairs = [{ index: 0, chosen: answer, rejected: answer, truncated: false }]

test('a plan from the config alone is the model that is loaded, without its values', async () => {
  const files = folder(untied.files, 'tiny')
  const plan = await planModel(files, { storage: f16 })
  using model = await loadModel(dryGpu(), files, { storage: f16 })
  const shapes = ({ weights }: typeof plan) =>
    [...weights].map(([name, { shape, bytes }]) => [name, shape, bytes])
  expect(shapes(plan)).toEqual(shapes(model.network))
  const options = { loss: dpo(), batchSize: 1 }
  expect(await estimateTraining(plan, pairs, options)).toEqual(
    await estimateTraining(model.network, pairs, options),
  )
})

test('a plan is for the limits of a device', async () => {
  const files = folder(untied.files, 'tiny')
  const { device } = (await planModel(files, { gpu: dryGpu({ maxBufferSize: 2 ** 29 }) })).gpu
  expect(device.limits.maxBufferSize).toBe(2 ** 29)
  expect((await planModel(files)).gpu.device.limits.maxBufferSize).toBe(2 ** 28)
})

import { describe, expect, test as pure } from 'vitest'
import { ConfigError } from '../../src/job/config-error'
import { adapterOptions, makeTrainable, makeTraining } from '../../src/job/make-training'
import { parseTrainingConfig } from '../../src/job/training-config'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { test } from '../bundled-model'

const training = (json: object) => makeTraining(parseTrainingConfig(json))

describe('makeTraining', () => {
  pure('hands every option on', () => {
    const options = {
      ...{
        learningRate: 2e-4,
        epochs: 3,
        steps: 17,
        batchSize: 6,
        accumulation: 7,
        seed: 8,
        recompute: true,
      },
      ...{ maxGradNorm: null, method: 'sft', neftune: 5, warmupRatio: 0.5 },
    }
    const { schedule, optimizer, loss, ...rest } = training(options)
    expect(rest).toEqual({
      ...{ learningRate: 2e-4, epochs: 3, maxSteps: 17, batchSize: 6, accumulation: 7, seed: 8 },
      ...{ recompute: true, maxGradNorm: null, neftune: 5 },
    })
    expect([loss.name, optimizer!.name, schedule!(1, 8)]).toEqual(['sft', 'adamW', 1 / 4])
  })

  pure('makes the optimizer and the schedule that are named', () => {
    const names = ['adamw', 'adamw-8bit', 'lion', 'sgd'].map(
      optimizer => training({ optimizer }).optimizer!.name,
    )
    expect(names).toEqual(['adamW', 'adamW8bit', 'lion', 'sgd'])
    const rate = (json: object, step: number) => training({ warmupSteps: 2, ...json }).schedule!(step, 10)
    expect(rate({ schedule: 'constant' }, 9)).toBe(1)
    expect(rate({ schedule: 'cosine', minRatio: 0.5 }, 10)).toBeCloseTo(0.5, 9)
    expect(rate({ schedule: 'linear' }, 1)).toBe(0.5)
    expect(rate({ schedule: 'wsd', decayRatio: 0.5, decay: 'linear' }, 5)).toBe(1)
    expect(rate({ schedule: 'wsd', decayRatio: 0.5, decay: 'linear' }, 6)).toBeCloseTo(0.8, 9)
  })

  pure('has a reference where the loss needs one', () => {
    expect(training({}).reference).toBe('cached')
    expect(training({ loss: 'simpo' })).not.toHaveProperty('reference')
    expect(training({ method: 'labelled' }).reference).toBe('copy')
    const moving = training({ trained: 'full', reference: 'copy', syncSteps: 5, syncAlpha: 0.25 })
    expect([moving.reference, moving.sync]).toEqual(['copy', { steps: 5, alpha: 0.25 }])
    expect(() => training({ reference: 'model', referenceModel: 'a' })).toThrow(
      new ConfigError('the reference model a is not loaded', 'referenceModel'),
    )
  })
})

describe('makeTrainable', () => {
  test('makes adapters of every kind, and goes on from one', async ({ model: { network } }) => {
    const make = (json: object) => makeTrainable(network, parseTrainingConfig(json))
    using lora = make({ rank: 3, alpha: 5, rslora: true, dropout: 0.25, targets: ['q_proj'] })
    if (!(lora instanceof LoraAdapter)) return expect.unreachable()
    expect(lora.config).toMatchObject({
      ...{
        r: 3,
        loraAlpha: 5,
        useRslora: true,
        loraDropout: 0.25,
        targetModules: ['q_proj'],
        useDora: false,
      },
    })
    const peft = await lora.toPeft()
    expect(adapterOptions(peft)).toEqual({
      ...{ trained: 'lora', rank: 3, alpha: 5, rslora: true, dropout: 0.25, targets: ['q_proj'] },
    })
    using again = makeTrainable(network, parseTrainingConfig(adapterOptions(peft)), peft)
    expect(await (again as LoraAdapter).toPeft()).toEqual(peft)
    using dora = make({ trained: 'dora' })
    expect((dora as LoraAdapter).config).toMatchObject({ useDora: true, r: 16, loraAlpha: 32 })
    expect(() => makeTrainable(network, parseTrainingConfig({ trained: 'full' }), peft)).toThrow(ConfigError)
  })

  test('makes all weights, or those that are named', ({ model: { network } }) => {
    const make = (json: object) => makeTrainable(network, parseTrainingConfig({ trained: 'full', ...json }))
    using all = make({})
    using some = make({ targets: ['q_proj'] })
    using tables = make({ trainEmbedding: false })
    expect(all.map).toBeNull()
    expect(some.parameters).toHaveLength(5)
    expect(all.size - tables.size).toBe(2048 * 128)
  })
})

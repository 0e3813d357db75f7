import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filesFromList } from '../../src/io/model-files'
import {
  type PeftAdapter,
  PeftAdapterError,
  readPeftAdapter,
  writePeftAdapter,
} from '../../src/io/peft-adapter'
import { writeSafetensors } from '../../src/io/safetensors'
import official from '../fixtures/peft-adapter.json'
import { bitsOf, fromBase64 } from './bytes'

const folder = (config: string, tensors: Uint8Array<ArrayBuffer>) =>
  filesFromList(
    new Map([
      ['adapter_config.json', new Blob([config])],
      ['adapter_model.safetensors', new Blob([tensors])],
    ]),
    'adapter',
  )
const officialTensors = fromBase64(official['adapter_model.safetensors'])
const officialConfig = official['adapter_config.json']
const withConfig = (changes: Record<string, unknown>) =>
  readPeftAdapter(folder(JSON.stringify({ ...JSON.parse(officialConfig), ...changes }), officialTensors))

test('an adapter saved by PEFT gives its values, bit for bit', async () => {
  const { config, tensors } = await readPeftAdapter(folder(officialConfig, officialTensors))
  expect({ ...config, targetModules: [...config.targetModules].sort() }).toEqual({
    r: 4,
    loraAlpha: 6,
    targetModules: ['down_proj', 'q_proj', 'v_proj'],
    useRslora: false,
    useDora: false,
    loraDropout: 0,
    rankPattern: {},
    alphaPattern: {},
    baseModel: null,
  })
  expect([...tensors.keys()].sort()).toEqual(Object.keys(official.tensors).sort())
  for (const [name, { shape, bits }] of Object.entries(official.tensors)) {
    expect(tensors.get(name)!.shape).toEqual(shape)
    expect(bitsOf(tensors.get(name)!.data)).toEqual(bits)
  }
})

test('written and read again it is the same, and the bytes are the same each time', async () => {
  const adapter = await readPeftAdapter(folder(officialConfig, officialTensors))
  const files = writePeftAdapter(adapter)
  const again = await readPeftAdapter(
    folder(files['adapter_config.json'], files['adapter_model.safetensors']),
  )
  expect(again.config).toEqual({ ...adapter.config, targetModules: [...adapter.config.targetModules].sort() })
  expect([...again.tensors].sort()).toEqual([...adapter.tensors].sort())
  const shuffled = { config: adapter.config, tensors: new Map([...adapter.tensors].reverse()) }
  expect(writePeftAdapter(shuffled)).toEqual(files)
})

test('a written config has only keys that the official one has, with values of the same kind', async () => {
  const files = writePeftAdapter(await readPeftAdapter(folder(officialConfig, officialTensors)))
  const theirs: Record<string, unknown> = JSON.parse(officialConfig)
  const ours: Record<string, unknown> = JSON.parse(files['adapter_config.json'])
  theirs.target_modules = (theirs.target_modules as string[]).sort()
  // Our sizes do not depend on how the adapter was initialised: PEFT writes that flag as it was given.
  for (const [key, value] of Object.entries(ours))
    expect([key, value]).toEqual([key, key === 'inference_mode' ? true : theirs[key]])
})

describe('a config', () => {
  test('may leave out what has a default, and have keys that nobody knows', async () => {
    const config = JSON.stringify({
      peft_type: 'LORA',
      r: 4,
      target_modules: ['q_proj', 'v_proj', 'mlp.down_proj'],
      new_key: [1],
    })
    const adapter = await readPeftAdapter(folder(config, officialTensors))
    expect(adapter.config).toMatchObject({
      loraAlpha: 8,
      loraDropout: 0,
      useRslora: false,
      useDora: false,
      baseModel: null,
    })
  })

  test.each([
    { target_modules: '.*(q|v|down)_proj' },
    { target_modules: ['q_proj', 'v_proj', 'down_proj', 'o_proj'], exclude_modules: ['o_proj'] },
    { layers_to_transform: [0, 1] },
    { layers_to_transform: 0, layers_pattern: 'layers' },
  ])('may say which modules by %j: the tensors tell which they are', async changes => {
    const { config } = await withConfig({ ...changes, use_rslora: true, base_model_name_or_path: 'a/b' })
    expect(config).toMatchObject({ useRslora: true, baseModel: 'a/b' })
    expect([...config.targetModules].sort()).toEqual(
      [0, 1].flatMap(layer =>
        ['mlp.down_proj', 'self_attn.q_proj', 'self_attn.v_proj'].map(
          part => `model.layers.${layer}.${part}`,
        ),
      ),
    )
  })

  test.each<[string, unknown]>([
    ['use_dora', 'yes'],
    ['lora_dropout', 1],
    ['lora_dropout', '0.1'],
    ['lora_bias', true],
    ['bias', 'all'],
    ['bias', 'lora_only'],
    ['rank_pattern', { 'q_proj|v_proj': 8 }],
    ['rank_pattern', { q_proj: 0 }],
    ['rank_pattern', [8]],
    ['rank_pattern', 8],
    ['alpha_pattern', { '.*q_proj': 8 }],
    ['alpha_pattern', { q_proj: '8' }],
    ['modules_to_save', ['lm_head']],
    ['layer_replication', [[0, 1]]],
    ['target_parameters', ['mlp.experts']],
    ['trainable_token_indices', [1]],
    ['alora_invocation_tokens', [1]],
    ['use_qalora', true],
    ['use_bdlora', { nblocks: 2 }],
    ['arrow_config', { top_k: 1 }],
    ['kasa_config', { beta: 1 }],
    ['monteclora_config', { num_samples: 1 }],
    ['velora_config', { scale: 1 }],
    ['megatron_config', { a: 1 }],
    ['init_lora_weights', 'pissa'],
    ['init_lora_weights', 'olora'],
    ['peft_type', 'IA3'],
    ['peft_type', undefined],
    ['r', 0],
    ['r', 4.5],
    ['r', '4'],
    ['lora_alpha', '6'],
    ['use_rslora', 'yes'],
    ['target_modules', []],
    ['target_modules', null],
    ['target_modules', [1]],
  ])('with %s = %j is refused by name', async (key, value) => {
    await expect(withConfig({ [key]: value })).rejects.toThrow(PeftAdapterError)
    await expect(withConfig({ [key]: value })).rejects.toThrow(`adapter/adapter_config.json: ${key} is `)
  })

  test.each(['{', '[]', 'null', '"LORA"', ''])('that is %j is refused', async text => {
    await expect(readPeftAdapter(folder(text, officialTensors))).rejects.toThrow(PeftAdapterError)
  })

  test('of any JSON gives an adapter or a PeftAdapterError', async () => {
    const keys = fc.constantFrom(...Object.keys(JSON.parse(officialConfig)))
    await fc.assert(
      fc.asyncProperty(fc.dictionary(keys, fc.jsonValue()), async changes => {
        await withConfig(changes).catch(error => {
          if (!(error instanceof PeftAdapterError)) throw error
        })
      }),
      { numRuns: 300 },
    )
  })
})

describe('tensors', () => {
  const prefix = 'base_model.model.model.layers.0.self_attn.q_proj'
  const matrix = (...shape: number[]) => ({
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
  })
  const good: PeftAdapter = {
    config: {
      r: 2,
      loraAlpha: 4,
      targetModules: ['q_proj'],
      useRslora: false,
      useDora: false,
      loraDropout: 0,
      rankPattern: {},
      alphaPattern: {},
      baseModel: null,
    },
    tensors: new Map([
      [`${prefix}.lora_A.weight`, matrix(2, 3)],
      [`${prefix}.lora_B.weight`, matrix(5, 2)],
    ]),
  }
  const changed = (key: string, value: ReturnType<typeof matrix> | null): PeftAdapter => {
    const tensors = new Map(good.tensors)
    if (value) tensors.set(key, value)
    else tensors.delete(key)
    return { ...good, tensors }
  }

  test.each<[string, PeftAdapter, RegExp]>([
    ['an A without its B', changed(`${prefix}.lora_B.weight`, null), /q_proj' has a lora_A but no lora_B/],
    ['a B without its A', changed(`${prefix}.lora_A.weight`, null), /q_proj' has a lora_B but no lora_A/],
    [
      'an A of another rank',
      changed(`${prefix}.lora_A.weight`, matrix(3, 3)),
      /lora_A.weight' has shape \[3,3\], wanted is \[2, in\]/,
    ],
    [
      'a B of another rank',
      changed(`${prefix}.lora_B.weight`, matrix(5, 1)),
      /lora_B.weight' has shape \[5,1\], wanted is \[out, 2\]/,
    ],
    ['an A that is no matrix', changed(`${prefix}.lora_A.weight`, matrix(2, 3, 1)), /has shape \[2,3,1\]/],
    [
      'DoRA magnitudes',
      changed(`${prefix}.lora_magnitude_vector`, matrix(5)),
      /lora_magnitude_vector' is no lora_A or lora_B/,
    ],
    [
      'a saved module',
      changed('base_model.model.lm_head.weight', matrix(2, 2)),
      /lm_head.weight' is no lora_A or lora_B/,
    ],
    [
      'an embedding',
      changed('base_model.model.model.embed.lora_embedding_A', matrix(2, 2)),
      /lora_embedding_A' is no lora_A/,
    ],
    ['no tensors', { ...good, tensors: new Map() }, /the adapter has no tensors/],
    [
      'a module that is no target',
      { ...good, config: { ...good.config, targetModules: ['k_proj', 'proj'] } },
      /q_proj' is not among the target modules k_proj, proj/,
    ],
  ])('%s: refused, read or written', async (_, adapter, message) => {
    expect(() => writePeftAdapter(adapter)).toThrow(PeftAdapterError)
    expect(() => writePeftAdapter(adapter)).toThrow(message)
    const config = { peft_type: 'LORA', r: 2, target_modules: adapter.config.targetModules }
    const files = folder(JSON.stringify(config), writeSafetensors(adapter.tensors))
    await expect(readPeftAdapter(files)).rejects.toThrow(message)
  })

  const decomposed = (...magnitudes: number[]): PeftAdapter => ({
    config: { ...good.config, useDora: true, loraDropout: 0.25 },
    tensors: new Map([...good.tensors, [`${prefix}.lora_magnitude_vector`, matrix(...magnitudes)]]),
  })

  test('of DoRA, of single ranks and of single alphas are written and read', async () => {
    const { config } = decomposed(5)
    const adapter: PeftAdapter = {
      config: { ...config, rankPattern: { 'self_attn.q_proj': 3 }, alphaPattern: { q_proj: 1.5 } },
      tensors: new Map([
        [`${prefix}.lora_A.weight`, matrix(3, 3)],
        [`${prefix}.lora_B.weight`, matrix(5, 3)],
        [`${prefix}.lora_magnitude_vector`, matrix(5)],
      ]),
    }
    const files = writePeftAdapter(adapter)
    expect(JSON.parse(files['adapter_config.json'])).toMatchObject({ use_dora: true, lora_dropout: 0.25 })
    const again = await readPeftAdapter(
      folder(files['adapter_config.json'], files['adapter_model.safetensors']),
    )
    expect(again.config).toEqual(adapter.config)
    expect([...again.tensors].sort()).toEqual([...adapter.tensors].sort())
  })

  test.each<[string, PeftAdapter, RegExp]>([
    ['no magnitudes', { ...decomposed(5), tensors: good.tensors }, /has a lora_A but no magnitude/],
    ['magnitudes of other rows', decomposed(4), /has 4 magnitudes for 5 outputs/],
    ['a matrix of magnitudes', decomposed(5, 1), /has shape \[5,1\], wanted is \[out\]/],
  ])('of DoRA with %s: refused', (_, adapter, message) => {
    expect(() => writePeftAdapter(adapter)).toThrow(PeftAdapterError)
    expect(() => writePeftAdapter(adapter)).toThrow(message)
  })

  test('a config that could not be read back is not written', () => {
    const odd = { ...good.config, loraAlpha: Number.NaN }
    expect(() => writePeftAdapter({ ...good, config: odd })).toThrow('lora_alpha')
    expect(() => writePeftAdapter({ ...good, config: { ...good.config, targetModules: [] } })).toThrow(
      'target_modules',
    )
  })
})

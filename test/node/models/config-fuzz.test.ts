import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dryGpu } from '../../../src/gpu/dry-gpu'
import { OutOfMemoryError } from '../../../src/gpu/errors'
import { filesFromList } from '../../../src/io/model-files'
import { architectures as known } from '../../../src/models/architectures'
import { ModelError } from '../../../src/models/errors'
import { readBlueprint } from '../../../src/models/load-network'
import { emptyLike } from '../../../src/ops/matrix'
import { architectures } from '../../models/architecture-fixture'

type Json = { [key: string]: unknown }

const RUNS = 12_000

const configs = Object.values(architectures).flatMap(({ files, olderConfig }): Json[] => [
  JSON.parse(files['config.json']!),
  JSON.parse(olderConfig),
])

/** Fields that some config has, and fields that are read although none of these has them. */
const fields = [
  ...new Set([
    ...configs.flatMap(config => Object.keys(config)),
    ...['head_dim', 'rope_scaling', 'rope_theta', 'layer_types', 'use_sliding_window', 'max_window_layers'],
    ...['n_inner', 'rotary_pct', 'sliding_window_pattern', 'rope_local_base_freq', 'hidden_act', '__proto__'],
  ]),
]
const sizes = [
  ...['num_hidden_layers', 'n_layer', 'max_position_embeddings', 'n_positions', 'vocab_size', 'n_embd'],
  ...['hidden_size', 'intermediate_size', 'num_attention_heads', 'num_key_value_heads', 'n_head', 'head_dim'],
]
const ropeFields = [
  ...['rope_type', 'type', 'factor', 'rope_theta', 'partial_rotary_factor', 'low_freq_factor', 'mscale'],
  ...['high_freq_factor', 'original_max_position_embeddings', 'beta_fast', 'beta_slow', 'attention_factor'],
  ...['truncate', 'mscale_all_dim', 'full_attention', 'sliding_attention'],
]

const number = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 2, 3, 4, 8, 16, 64, 128, 0.25, 0.5, 1.5, 1e-300, 1e308, 2 ** 31, 2 ** 53),
  fc.integer({ min: -4, max: 4096 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const text = fc.oneof(
  fc.constantFrom('', 'silu', 'gelu', 'gelu_new', 'gelu_pytorch_tanh', 'default', 'linear', 'llama3', 'yarn'),
  fc.constantFrom('dynamic', 'full_attention', 'sliding_attention', '__proto__', 'constructor', 'toString'),
  fc.string({ maxLength: 12 }),
)
const scalar = fc.oneof(number, text, fc.boolean(), fc.constant(null))
const rope = fc.dictionary(fc.constantFrom(...ropeFields), fc.oneof(number, text, fc.constant(null)))
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 1, arbitrary: rope },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('full_attention', 'sliding_attention'), rope) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
)

const change = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom(...fields), value) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...fields), fc.constant(undefined)) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...sizes), fc.nat({ max: 2 ** 31 - 1 })) },
)

/** A config with some fields changed, or without them. */
const changed = fc
  .tuple(fc.constantFrom(...configs), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([config, changes]) => JSON.stringify({ ...config, ...Object.fromEntries(changes) }))

const document = fc.oneof(
  { weight: 20, arbitrary: changed },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string() },
)

test('a config is read or refused, whatever it says, and never asks for more than files can hold', async () => {
  let [accepted, built] = [0, 0]
  await fc.assert(
    fc.asyncProperty(document, async config => {
      try {
        const { weights, build } = await readBlueprint(
          filesFromList(new Map([['config.json', new Blob([config])]]), 'fuzzed'),
          known,
        )
        accepted++
        expect(weights.size).toBeLessThan(200_000)
        // What weights of a few MiB could make of it, on a device that only counts.
        const size = [...weights.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0)
        if (size > 2 ** 20) return
        const gpu = dryGpu()
        const empty = [...weights].map(([name, { shape }]) => [name, gpu.empty(shape)] as const)
        const network = build(gpu, new Map(empty))
        expect(emptyLike(gpu, network.head).shape).toEqual([network.vocabulary, network.hidden])
        built++
      } catch (error) {
        if (!(error instanceof ModelError || error instanceof OutOfMemoryError)) throw error
        expect(error.message.length).toBeLessThan(600)
      }
    }),
    { numRuns: RUNS },
  )
  // Neither all nor nothing is refused: both ways are seen.
  expect(accepted).toBeGreaterThan(RUNS / 20)
  expect(built).toBeGreaterThan(RUNS / 50)
  expect(accepted).toBeLessThan(RUNS * 0.9)
})

import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { readPeftAdapter, writePeftAdapter } from '../../src/io/peft-adapter'
import type { CausalNetwork } from '../../src/models/causal-network'
import { loadModel } from '../../src/models/load-model'
import { pack } from '../../src/nn/packed'
import { LoraAdapter } from '../../src/training/lora-adapter'
import peft from '../fixtures/peft.json'
import { test } from '../gpu'
import { architectures } from '../models/architecture-fixture'
import { expectedOf, folder } from '../models/llama-fixture'
import { expectAgreement, hiddenOf, logProbsAndGradients } from '../models/on-network'

/** Adapters by PEFT with DoRA, rank-stabilized scales, dropout, and ranks and alphas of single layers. */
const cases = (['llama3', 'gpt2'] as const).map(name => ({
  name,
  model: architectures[name]!,
  adapter: peft[name].adapter,
  expected: () => expectedOf({ ...architectures[name]!, expected: peft[name].expected }),
}))

const load = async (gpu: Gpu, { files, name }: (typeof cases)[number]['model']) =>
  loadModel(gpu, folder(files, name))
const adapterOf = async (network: CausalNetwork, files: Readonly<Record<string, string>>) =>
  LoraAdapter.fromPeft(network, await readPeftAdapter(folder(files, 'adapter')))

/** PyTorch's gradients by the names of our parameters. */
const gradientsOf = (expected: ReadonlyMap<string, Float32Array>, prefix: string) =>
  new Map(
    [...expected]
      .filter(([key]) => key.startsWith(`${prefix}grad.`))
      .map(([key, values]) => [
        key.slice(`${prefix}grad.base_model.model.`.length).replace('_vector.weight', '_vector'),
        values,
      ]),
  )

describe.each(cases)('an adapter of PEFT on $name', ({ model: fixture, adapter: files, expected }) => {
  test('gives its hidden states, log-probs and gradients', async ({ gpu }) => {
    using model = await load(gpu, fixture)
    using adapter = await adapterOf(model.network, files)
    expect(adapter.dropout).toBe(0.25)
    const want = await expected()
    expectAgreement(await hiddenOf(model.network, pack(fixture.sequences), adapter.map), want.get('hidden')!)
    const options = { adapter: adapter.map }
    const { logProbs, gradients } = await logProbsAndGradients(
      fixture,
      model.network,
      adapter.parameters,
      options,
    )
    expectAgreement(logProbs, want.get('log_probs')!)
    const wanted = gradientsOf(want, '')
    expect([...gradients.keys()].sort()).toEqual([...wanted.keys()].sort())
    for (const [name, gradient] of gradients) expectAgreement(gradient, wanted.get(name)!)
  })

  test.for([false, true])('gives them with dropout, recomputed: %s', async (recompute, { gpu }) => {
    using model = await load(gpu, fixture)
    using adapter = await adapterOf(model.network, files)
    using seed = gpu.tensor([1], Uint32Array.of(12345))
    const options = { adapter: adapter.map, dropout: { rate: adapter.dropout, seed }, recompute }
    const want = await expected()
    const { logProbs, gradients } = await logProbsAndGradients(
      fixture,
      model.network,
      adapter.parameters,
      options,
    )
    expectAgreement(logProbs, want.get('dropped.log_probs')!)
    const wanted = gradientsOf(want, 'dropped.')
    expect(gradients.size).toBe(wanted.size)
    for (const [name, gradient] of gradients) expectAgreement(gradient, wanted.get(name)!)
  })

  test('is written as it was read', async ({ gpu }) => {
    using model = await load(gpu, fixture)
    using adapter = await adapterOf(model.network, files)
    const read = await readPeftAdapter(folder(files, 'adapter'))
    const written = await adapter.toPeft()
    expect(written.config).toEqual({ ...read.config, baseModel: null })
    expect([...written.tensors].sort()).toEqual([...read.tensors].sort())
    const theirs = JSON.parse(files['adapter_config.json'])
    const ours = JSON.parse(writePeftAdapter(written)['adapter_config.json'])
    for (const key of ['r', 'lora_alpha', 'lora_dropout', 'use_dora', 'use_rslora', 'target_modules'])
      expect([key, ours[key]]).toEqual([key, theirs[key]])
    expect(ours.rank_pattern).toEqual(theirs.rank_pattern)
    expect(ours.alpha_pattern).toEqual(theirs.alpha_pattern)
  })
})

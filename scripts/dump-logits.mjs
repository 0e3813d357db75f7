// Logits of a model with an adapter, as this library computes them, for check-peft.py to compare with.
//
//     node scripts/dump-logits.mjs MODEL_DIR ADAPTER_DIR LOGITS.json [MERGED_DIR]
//
// Where ADAPTER_DIR holds no adapter, one is made with DoRA and random factors and exported into it. Into MERGED_DIR goes
// the model with the adapter in its weights.

import { existsSync } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withSource } from './source.mjs'

const TEXTS = [
  'The quick brown fox jumps over the lazy dog.',
  'Write a short letter to a friend about the weather in spring.',
  'Ünseen: 1 + 1 = 2?',
]

const [modelDir, adapterDir, logitsFile, mergedDir] = process.argv.slice(2)
if (!logitsFile) {
  console.error('usage: node scripts/dump-logits.mjs MODEL_DIR ADAPTER_DIR LOGITS.json [MERGED_DIR]')
  process.exit(2)
}

/** Makes an adapter that changes something: A as training begins with, B spread like it. */
function makeAdapter({ LoraAdapter, counterHash }, network) {
  const adapter = LoraAdapter.create(network, { rank: 4, alpha: 3, dora: true, rslora: true, seed: 1 })
  adapter.parameters.forEach(({ name, value }, p) => {
    if (!name.endsWith('lora_B.weight')) return
    const values = Float32Array.from({ length: value.size }, (_, i) => counterHash(2, p, i) / 2 ** 32 - 0.5)
    network.gpu.write(value, values)
  })
  return adapter
}

async function run(load) {
  const { openGpu } = await load('gpu/open-gpu')
  const { filesFromFolder } = await load('io/folder-files')
  const { readPeftAdapter, writePeftAdapter } = await load('io/peft-adapter')
  const { loadModel } = await load('models/load-model')
  const { pack, uploadPacked } = await load('nn/packed')
  const { linear } = await load('ops/linear')
  const { Tape } = await load('ops/tape')
  const { LoraAdapter } = await load('training/lora-adapter')
  const { counterHash } = await load('losses/draw')

  const gpu = await openGpu()
  const source = filesFromFolder(modelDir)
  const { network, tokenizer } = await loadModel(gpu, source)
  let adapter
  if (existsSync(join(adapterDir, 'adapter_config.json'))) {
    adapter = LoraAdapter.fromPeft(network, await readPeftAdapter(filesFromFolder(adapterDir)))
  } else {
    adapter = makeAdapter({ LoraAdapter, counterHash }, network)
    await mkdir(adapterDir, { recursive: true })
    for (const [name, content] of Object.entries(writePeftAdapter(await adapter.toPeft())))
      await writeFile(join(adapterDir, name), content)
  }

  const ids = TEXTS.map(text => tokenizer.encode(text))
  const packed = uploadPacked(gpu, pack(ids))
  const tape = new Tape(gpu, { grad: false })
  const hidden = network.forward(tape, packed, { adapter: adapter.map })
  const values = await gpu.read(linear(tape, hidden, network.head))
  const V = network.vocabulary
  const rows = Array.from({ length: hidden.shape[0] }, (_, t) => [...values.subarray(t * V, (t + 1) * V)])
  await writeFile(logitsFile, JSON.stringify({ ids, logits: rows }))
  if (mergedDir) {
    const { exportModel } = await load('training/export-model')
    await mkdir(mergedDir, { recursive: true })
    for (const { path, chunks } of await exportModel(network, source, { adapter })) {
      const file = await open(join(mergedDir, path), 'w')
      for await (const chunk of chunks()) await file.write(chunk)
      await file.close()
    }
  }
  console.log(`${gpu.adapterName}: ${rows.length} × ${V} logits in ${logitsFile}`)
}

await withSource(run)

import { describe, expect } from 'vitest'
import { type FileDigest, fileDigest, jsonLines, sha256Hex } from '../../src/data/manifest'
import { readPairs } from '../../src/data/read-pairs'
import { readRows } from '../../src/data/read-rows'
import { writeRows } from '../../src/data/write-rows'
import type { Gpu } from '../../src/gpu/gpu'
import { filesFromList } from '../../src/io/model-files'
import { readPeftAdapter, writePeftAdapter } from '../../src/io/peft-adapter'
import { loadScorer } from '../../src/job/load-scorer'
import { makeTrainable } from '../../src/job/make-training'
import { jobManifest, modelDigests, version } from '../../src/job/manifest'
import { metricsLines } from '../../src/job/metrics-lines'
import { selectRows } from '../../src/job/select-rows'
import { selectionRecords } from '../../src/job/selection-records'
import { parseTrainingConfig } from '../../src/job/training-config'
import { prepareData } from '../../src/job/training-data'
import type { TrainingEvent } from '../../src/job/training-events'
import { trainingJob } from '../../src/job/training-job'
import type { Model } from '../../src/models/load-model'
import { rowExchanges, score } from '../../src/scoring/scorer'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { bundledFiles, test } from '../bundled-model'

const rows = JSON.stringify([
  { instruction: 'Name a fruit.', input: '', output: 'An apple.' },
  { instruction: 'Why is the sky blue?', input: '', output: 'Air scatters blue light more than red.' },
  { instruction: 'Why is the sky blue?', input: '', output: 'Air scatters blue light more than red.' },
  { instruction: 'Add 2 and 3.', input: '', output: '5' },
  { instruction: 'Plan a garden in three steps.', input: '', output: '1. Dig. 2. Sow. 3. Water.' },
  { instruction: 'No answer.', input: '', output: '' },
  { instruction: 'Say hello.', input: '', output: 'Hello!' },
  { instruction: 'Explain tides.', input: '', output: 'The moon pulls the sea towards it.' },
  { instruction: 'Translate.', input: 'Guten Tag', output: 'Good day' },
  { instruction: 'List two colors.', input: '', output: 'Red and green.' },
  { instruction: 'What is a noun?', input: '', output: 'A word for a thing.' },
  { instruction: 'Spell cat.', input: '', output: 'c, a, t' },
])
const pairs = JSON.stringify(
  [
    ['Name a fruit.', 'An apple.', 'A stone.'],
    ['Add 2 and 3.', '5', 'Who knows?'],
    ['Say hello.', 'Hello!', 'No.'],
    ['Spell cat.', 'c, a, t', 'dog'],
    ['What is a noun?', 'A word for a thing.', 'It is blue.'],
    ['Name a color.', 'Green.', 'Seven.'],
  ].map(([prompt, chosen, rejected]) => ({ prompt, chosen, rejected })),
)
const options = { budget: 4, threshold: 0.9 }
const config = parseTrainingConfig({
  ...{ loss: 'sampo', rank: 4, learningRate: 1e-3, epochs: 2, batchSize: 3, accumulation: 1, seed: 5 },
  ...{ evalSplit: 0, evalAnswers: 1, evalTokens: 8 },
})

/** The whole job, as the command and the page run it, and its files by name. */
async function run(gpu: Gpu, model: Model) {
  const files = await bundledFiles()
  const rowFile = await readRows(rows)
  using loaded = await loadScorer(model, files)
  const scored = await score(rowFile.rows, loaded.scorer)
  const selection = await selectRows(gpu, scored, options)
  const records = selectionRecords(rowFile, scored, selection)
  const position = new Map(rowFile.rows.map(({ index }, i) => [index, i]))
  const kept = selection.kept.map(index => position.get(index)!)
  const selected = await (await writeRows(rowFile, kept)).text()
  const data = { kind: 'pairs', pairs: (await readPairs(pairs)).pairs } as const
  using adapter = makeTrainable(model.network, config)
  const events: TrainingEvent[] = []
  for await (const event of trainingJob(model, adapter, data, config)) events.push(event)
  const { 'adapter_config.json': shape, 'adapter_model.safetensors': weights } = writePeftAdapter(
    await (adapter as LoraAdapter).toPeft(),
  )
  const outputs = new Map<string, string | Uint8Array<ArrayBuffer>>([
    ['selected.json', selected],
    ['selection.jsonl', jsonLines(records)],
    ['adapter/adapter_config.json', shape],
    ['adapter/adapter_model.safetensors', weights],
    ['metrics.jsonl', jsonLines(events.flatMap(event => metricsLines(event, config)))],
  ])
  const manifest = await jobManifest({
    gpu,
    model: { name: 'bundled', files: await modelDigests(files) },
    options: { ...options, seed: config.seed },
    inputs: [await fileDigest('rows.json', rows), await fileDigest('pairs.json', pairs)],
    outputs,
  })
  return { outputs, events, records, manifest, trained: loaded.trained }
}

describe('the job', () => {
  test('selects, trains and writes everything, the same bytes twice', { timeout: 180_000 }, async ({
    gpu,
    model,
  }) => {
    const { outputs, events, records, manifest, trained } = await run(gpu, model)
    expect(trained).toBe(true)

    // Selection: one record a row, the copy dropped for its twin, the empty answer explained.
    expect(records).toHaveLength(12)
    expect(records.filter(({ decision }) => decision === 'kept')).toHaveLength(4)
    expect(records[5]).toMatchObject({ decision: 'unreadable', id: null })
    const twins = [records[1]!, records[2]!]
    expect(twins[0]!.score).toBe(twins[1]!.score)
    expect(twins[1]!.decision).not.toBe('kept')
    const read = records.filter(({ decision }) => decision !== 'unreadable')
    expect(read.every(({ score }) => score !== null && score >= 1 && score <= 36)).toBe(true)
    expect(new Set(read.map(({ score }) => score)).size).toBeGreaterThan(8)
    const all: unknown[] = JSON.parse(rows)
    const kept = records.filter(({ rank }) => rank !== null).sort((a, b) => a.rank! - b.rank!)
    expect(JSON.parse(outputs.get('selected.json') as string)).toEqual(kept.map(({ row }) => all[row]))

    // Training: the reference pass, every step, and log-probs that moved the right way.
    const steps = events.flatMap(event => (event.kind === 'step' ? [event.step] : []))
    expect(events[0]).toMatchObject({ kind: 'data', isHeldOut: false, totalSteps: 4 })
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4])
    expect(steps[0]!.loss).toBeCloseTo(Math.LN2, 4)
    const last = events.at(-1)!
    if (last.kind !== 'done') return expect.unreachable()
    const change = (name: string) => last.comparison.metrics.find(metric => metric.name === name)!.change!
    expect(change('logps/chosen') - change('logps/rejected')).toBeGreaterThan(0.1)
    expect(last.comparison.answers).toHaveLength(1)

    // The adapter reads back and fits the model.
    const parts = ['adapter_config.json', 'adapter_model.safetensors'] as const
    const folder = new Map(parts.map(name => [name, new Blob([outputs.get(`adapter/${name}`)!])] as const))
    using again = LoraAdapter.fromPeft(model.network, await readPeftAdapter(filesFromList(folder, 'adapter')))
    expect(again.config.r).toBe(4)

    // The manifest names what was used and made, and nothing that differs from run to run.
    expect(manifest).toMatchObject({ tabtune: version, options, adapter: gpu.adapter })
    expect(manifest.outputs.map(({ name }) => name)).toEqual([...outputs.keys()])
    for (const { name, sha256, bytes } of manifest.outputs) {
      const content = outputs.get(name)!
      const raw = typeof content === 'string' ? new TextEncoder().encode(content) : content
      expect([bytes, sha256]).toEqual([raw.length, await sha256Hex(raw)])
    }
    const twice = await run(gpu, model)
    expect(twice.outputs).toEqual(outputs)
    expect(JSON.stringify(twice.manifest)).toBe(JSON.stringify(manifest))
  })

  test('stops when told', async ({ model }) => {
    const data = { kind: 'pairs', pairs: (await readPairs(pairs)).pairs } as const
    using adapter = makeTrainable(model.network, config)
    const stop = new AbortController()
    const events: TrainingEvent[] = []
    const running = (async () => {
      for await (const event of trainingJob(model, adapter, data, config, { signal: stop.signal })) {
        events.push(event)
        if (event.kind === 'step') stop.abort(new Error('enough'))
      }
    })()
    await expect(running).rejects.toThrow('enough')
    const steps = events.filter(({ kind }) => kind === 'step').length
    expect(steps >= 1 && steps < 4).toBe(true)
  })

  test('cuts pairs to the model’s context, whatever is asked for', ({ model }) => {
    const { maxPositions } = model.network
    const pair = {
      ...{ index: 0, id: '', raw: null, prompt: [{ role: 'user', content: 'Count.' } as const] },
      chosen: 'one '.repeat(2000),
      rejected: 'two',
    }
    const long = parseTrainingConfig({ maxLength: 10 * maxPositions })
    const { examples, maxLength } = prepareData(model, { kind: 'pairs', pairs: [pair] }, long)
    expect(maxLength).toBe(maxPositions)
    expect(examples[0]).toMatchObject({ truncated: true })
  })
})

describe('modelDigests', () => {
  test('are of the files that decide what the model computes', async () => {
    const files = await bundledFiles()
    const digests = await modelDigests(files)
    const names = digests.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json', 'model.safetensors']))
    for (const folder of ['complexity', 'quality'])
      for (const file of ['adapter_config.json', 'adapter_model.safetensors'])
        expect(names).toContain(`${folder}/${file}`)
    expect(names).not.toContain('model.safetensors.index.json')
    for (const digest of digests) {
      const source = await files.open(digest.name)
      const bytes = await source.read(0, source.size)
      expect(digest).toEqual({ name: digest.name, bytes: bytes.length, sha256: await sha256Hex(bytes) })
    }
  })

  test('are of the chat template, and of the shards where these can be read in pieces', async () => {
    const map = { a: 'two.safetensors', b: 'one.safetensors', c: 'two.safetensors' }
    const content = {
      'chat_template.jinja': 'so',
      'model.safetensors.index.json': JSON.stringify({ weight_map: map }),
      'one.safetensors': '1',
      'two.safetensors': '2',
    }
    const files = filesFromList(
      new Map(Object.entries(content).map(([name, text]) => [name, new Blob([text])])),
    )
    const names = async (...how: [] | [(path: string) => Promise<FileDigest>]) =>
      (await modelDigests(files, ...how)).map(({ name }) => name)
    expect(await names()).toEqual(Object.keys(content).slice(0, 2))
    expect(await names(async path => fileDigest(path, await files.text(path)))).toEqual(Object.keys(content))
  })

  test('leave out what a folder does not have', async () => {
    const files = filesFromList(new Map([['model/config.json', new Blob(['{}'])]]))
    expect(await modelDigests(files)).toEqual([await fileDigest('config.json', '{}')])
  })
})

describe('loadScorer', () => {
  test('scores with the model as it is where there is no adapter, and says so', async ({ model }) => {
    const none = filesFromList(new Map([['config.json', new Blob(['{}'])]]), 'plain')
    using loaded = await loadScorer(model, none)
    expect(loaded.trained).toBe(false)
    const files = await bundledFiles()
    using tuned = await loadScorer(model, files)
    const turns = [
      { role: 'user', content: 'Name a fruit.' },
      { role: 'assistant', content: 'An apple.' },
    ] as const
    const texts = rowExchanges({ index: 0, id: '', raw: null, turns })
    expect(await loaded.scorer.score(texts, {})).not.toEqual(await tuned.scorer.score(texts, {}))
  })

  test('keeps no memory when an adapter cannot be read', async ({ gpu, model }) => {
    const files = await bundledFiles()
    const broken = {
      ...files,
      text: (path: string) => (path.startsWith('quality') ? Promise.resolve('{') : files.text(path)),
    }
    gpu.trim()
    const { allocated } = gpu.memory
    await expect(loadScorer(model, broken)).rejects.toThrow(
      'quality/adapter_config.json: the file is not JSON',
    )
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
  })
})

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { version } from '../../package.json'
import type { Manifest, SelectionRecord } from '../../src/index'
import { readPeftAdapter } from '../../src/index'
import { filesFromFolder } from '../../src/io/folder-files'
import { root, run, temporaryFolder } from './command'

/** Rows whose text a careless reader would change: escapes, numbers that no double holds, fields of their own. */
const rowTexts = [
  '{"instruction":"Name a tree.","input":"","output":"An oak."}',
  '{"output":"Caf\\u00e9","instruction":"Which word has an accent?","source":{"page":1.0,"serial":12345678901234567890}}',
  '{"instruction":"Explain why ice floats, and compare it with oil on water.","input":"","output":"Ice is less dense than water because its molecules are held apart by hydrogen bonds. Oil floats for the same reason: it is less dense."}',
  '{"instruction":"List three uses of a brick.","output":"1. Build a wall.\\n2. Hold a door.\\n3. Warm a bed."}',
  '{"instruction":"Translate to German.","input":"Good morning","output":"Guten Morgen"}',
  '{"instruction":"Name a colour.","output":"Red."}',
  '{"instruction":"Describe a plan to save water at home, with numbers.","output":"Shorter showers save about 10 litres a minute. Fix the tap: a drip wastes 15 litres a day."}',
  '{"instruction":"What is 2 + 2?","output":"4","weight":1e2}',
  '{"instruction":"Give me a short poem.","output":"Rain on tin,\\nnight comes in. \\ud83c\\udf27"}',
  '{"instruction":"Name a tree.","input":"","output":"An oak."}',
  '{"instruction":"Write a polite refusal.","output":"Thank you, but I cannot come on Friday."}',
  '{"instruction":"Summarize: cats sleep a lot.","output":"Cats sleep much of the day.","tags":[]}',
]

const pairs = [
  ['Name a tree.', 'An oak.', 'A stone is a tree, I think.'],
  ['What is the capital of France?', 'Paris.', 'I would rather not say.'],
  ['How do I boil an egg?', 'Simmer it for eight minutes.', 'Eggs.'],
  ['Say hello.', 'Hello!', 'Goodbye, and do not come back.'],
].map(([prompt, chosen, rejected]) => ({ prompt, chosen, rejected }))

const folder = temporaryFolder({ keep: true })
const rowFile = join(folder, 'rows.json')
const pairFile = join(folder, 'pairs.json')
writeFileSync(rowFile, `[${rowTexts.join(',')}]`)
writeFileSync(pairFile, JSON.stringify(pairs))

const out = (name: string) => join(folder, name)
const text = (path: string) => readFileSync(path, 'utf8')
const lines = (path: string) =>
  text(path)
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** The first step of a warm-up has the learning rate 0, so it takes two to change anything. */
const training = ['--steps', '2', '--epochs', '2', '--batch-size', '2', '--accumulation', '1', '--rank', '4']
const both = ['--rows', rowFile, '--pairs', pairFile, '--budget', '6', ...training]

describe('tabtune run, on rows and pairs', () => {
  it('selects, trains and writes everything, without a word in a pipe', async () => {
    expect(await run(['run', ...both, '--out', out('first')])).toEqual({ code: 0, stdout: '', stderr: [] })
    expect(readdirSync(out('first'), { recursive: true }).sort()).toEqual([
      'adapter',
      'adapter/adapter_config.json',
      'adapter/adapter_model.safetensors',
      'manifest.json',
      'metrics.jsonl',
      'selected.json',
      'selection.jsonl',
    ])
  }, 180_000)

  it("gives the input's own rows, unchanged, best first", () => {
    const records = lines(join(out('first'), 'selection.jsonl')) as SelectionRecord[]
    const kept = records.filter(({ decision }) => decision === 'kept').sort((a, b) => a.rank! - b.rank!)
    expect(kept).toHaveLength(6)
    expect(kept.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6])
    const selected = text(join(out('first'), 'selected.json'))
    expect(JSON.parse(selected)).toEqual(kept.map(({ row }) => JSON.parse(rowTexts[row]!)))
    // The same characters, but for the white space between tokens; these texts hold none inside but single spaces.
    const tokens = (json: string) =>
      json.replaceAll(/"(?:[^"\\]|\\.)*"|\s+/g, part => (part.startsWith('"') ? part : ''))
    expect(tokens(selected)).toBe(`[${kept.map(({ row }) => tokens(rowTexts[row]!)).join(',')}]`)
  })

  it('says of every row what became of it, and why', () => {
    const records = lines(join(out('first'), 'selection.jsonl')) as SelectionRecord[]
    expect(records.map(({ row }) => row)).toEqual(rowTexts.map((_, i) => i))
    const scores = records.map(({ score }) => score!)
    for (const [i, { id, decision, reason, scores: exchanges, score }] of records.entries()) {
      expect(id).toMatch(/^[0-9a-f]{16}(-\d+)?$/)
      expect(['kept', 'duplicate', 'similar', 'beyond budget']).toContain(decision)
      expect(reason.length).toBeGreaterThan(10)
      const [{ complexity, quality }] = exchanges as [{ complexity: number; quality: number }]
      for (const value of [complexity, quality]) expect(value > 1 && value < 6).toBe(true)
      expect(score).toBeCloseTo(complexity * quality, 9)
      // Row 9 is row 0 once more: whichever is reached first is kept, and they score the same.
      if (i === 9) expect(scores[9]).toBe(scores[0])
    }
    const worstKept = Math.min(...records.filter(r => r.decision === 'kept').map(r => r.score!))
    for (const { decision, score } of records)
      if (decision === 'beyond budget') expect(score!).toBeLessThanOrEqual(worstKept)
  })

  it("reports each step under TRL's names, and the log-probs before and after", () => {
    const metrics = lines(join(out('first'), 'metrics.jsonl'))
    const [before, first, second, after] = metrics
    expect(metrics).toHaveLength(4)
    const names = ['loss', 'grad_norm', 'learning_rate', 'epoch', 'num_tokens']
    const pairNames = [
      'rewards/chosen',
      'rewards/rejected',
      'rewards/accuracies',
      'rewards/margins',
      'logps/chosen',
      'logps/rejected',
    ]
    for (const step of [first, second])
      for (const name of [...names, ...pairNames]) expect(step[name], name).toBeTypeOf('number')
    expect(first).toMatchObject({ step: 1, totalSteps: 2, learning_rate: 0, 'rewards/margins': 0 })
    expect(second).toMatchObject({ step: 2, learning_rate: 1e-3, epoch: 1 })
    expect(first.loss).toBeCloseTo(Math.LN2, 4)
    expect(before).toMatchObject({ evaluation: 'before', step: 0, 'eval_rewards/margins': 0 })
    expect(after).toMatchObject({ evaluation: 'after', step: 2 })
    expect(after['eval_logps/chosen']).not.toBe(before['eval_logps/chosen'])
  })

  it('writes an adapter that reads back', async () => {
    const { config, tensors } = await readPeftAdapter(filesFromFolder(join(out('first'), 'adapter')))
    expect(config).toMatchObject({ r: 4, loraAlpha: 8 })
    expect(tensors.size).toBe(2 * 7 * 5)
    const sides = [...tensors].filter(([name]) => name.endsWith('lora_B.weight'))
    // B starts at zero; one step has moved it.
    expect(sides.every(([, { data }]) => data.some(x => x !== 0))).toBe(true)
  })

  it('names inputs, model, options and outputs in the manifest, with their hashes', () => {
    const manifest = JSON.parse(text(join(out('first'), 'manifest.json'))) as Manifest
    expect(manifest.tabtune).toBe(version)
    const folders = { inputs: folder, outputs: out('first') }
    expect(manifest.inputs.map(({ name }) => name)).toEqual(['rows.json', 'pairs.json'])
    expect(manifest.outputs.map(({ name }) => name).sort()).toEqual([
      'adapter/adapter_config.json',
      'adapter/adapter_model.safetensors',
      'metrics.jsonl',
      'selected.json',
      'selection.jsonl',
    ])
    for (const [list, place] of [
      [manifest.inputs, folders.inputs],
      [manifest.outputs, folders.outputs],
      [manifest.model!.files, join(root, 'demo/public/model')],
    ] as const)
      for (const { name, bytes, sha256: hash } of list) {
        expect(hash, name).toBe(sha256(join(place, name)))
        expect(bytes, name).toBe(readFileSync(join(place, name)).length)
      }
    expect(manifest.model!.name).toBe('bundled')
    expect(manifest.options).toMatchObject({ budget: 6, threshold: 0.9, loss: 'dpo', steps: 2, seed: 0 })
    expect(manifest.adapter).toMatchObject({ software: expect.any(Boolean), vendor: expect.any(String) })
  })

  it('gives the same bytes again', async () => {
    expect(await run(['run', ...both, '--out', out('second')])).toMatchObject({ code: 0 })
    for (const name of readdirSync(out('first'), { recursive: true }) as string[]) {
      if (name !== 'adapter')
        expect(sha256(join(out('second'), name)), name).toBe(sha256(join(out('first'), name)))
    }
  }, 180_000)
})

describe('tabtune run, on one file', () => {
  it('trains on pairs alone, to another adapter with another seed', async () => {
    const args = ['--pairs', pairFile, ...training, '--seed', '1', '--loss', 'sampo']
    expect(await run(['run', ...args, '--out', out('pairs')])).toEqual({ code: 0, stdout: '', stderr: [] })
    expect(readdirSync(out('pairs')).sort()).toEqual(['adapter', 'manifest.json', 'metrics.jsonl'])
    // A stays as it was drawn while B is zero, up to the second step: what differs is the seed's doing, not the loss's.
    const drawn = async (name: string) => {
      const { tensors } = await readPeftAdapter(filesFromFolder(join(out(name), 'adapter')))
      return [...tensors].filter(([key]) => key.endsWith('lora_A.weight')).map(([, { data }]) => data)
    }
    const [one, other] = [await drawn('first'), await drawn('pairs')]
    expect(one.every((values, i) => values.some((x, k) => x !== other[i]![k]))).toBe(true)
    expect(lines(join(out('pairs'), 'metrics.jsonl'))[1].loss).toBeCloseTo(Math.LN2, 4)
  }, 180_000)

  it('stops on an interrupt with code 130, and writes the adapter as far as it came', async () => {
    const args = [
      '--rows',
      rowFile,
      '--pairs',
      pairFile,
      '--epochs',
      '100000',
      '--rank',
      '4',
      '--batch-size',
      '2',
    ]
    const began = join(out('stopped'), 'selection.jsonl')
    const ended = await run(['run', ...args, '--out', out('stopped')], {
      whileRunning: async child => {
        // What was selected is written before training begins.
        while (!existsSync(began) && child.exitCode === null) await pause(50)
        await pause(1000)
        child.kill('SIGINT')
      },
    })
    expect(ended).toEqual({ code: 130, stdout: '', stderr: [] })
    const { tensors } = await readPeftAdapter(filesFromFolder(join(out('stopped'), 'adapter')))
    expect(tensors.size).toBe(2 * 7 * 5)
    const steps = lines(join(out('stopped'), 'metrics.jsonl')).filter(({ totalSteps }) => totalSteps)
    expect(steps.length).toBeLessThan(100_000)
    expect(existsSync(join(out('stopped'), 'manifest.json'))).toBe(true)
  }, 180_000)
})

import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { EvaluatedRun, Manifest, RunComparison, WinRate } from '../../src/index'
import { root, run, temporaryFolder } from './command'

const folder = temporaryFolder({ keep: true })
const at = (...names: string[]) => join(folder, ...names)
const pairs = [
  ['Name a tree.', 'An oak.', 'A stone is a tree.'],
  ['Say hello.', 'Hello!', 'Goodbye.'],
].map(([prompt, chosen, rejected]) => ({ prompt, chosen, rejected }))
const questions = [
  { goal: 'Boil an egg.', sol1: 'Put it in hot water.', sol2: 'Put it in a drawer.', label: 0 },
  { goal: 'Dry a cloth.', sol1: 'Fold it up wet.', sol2: 'Hang it in the sun.', label: 1 },
]

beforeAll(async () => {
  writeFileSync(at('pairs.json'), JSON.stringify(pairs))
  writeFileSync(at('piqa.jsonl'), questions.map(question => `${JSON.stringify(question)}\n`).join(''))
  writeFileSync(at('text.txt'), 'The cat sat on the mat.')
  const args = [
    '--rank',
    '2',
    '--steps',
    '2',
    '--epochs',
    '2',
    '--learning-rate',
    '1e-3',
    '--warmup-ratio',
    '0',
  ]
  const quick = ['--accumulation', '1', '--eval-split', '0', '--eval-answers', '0']
  const trained = await run(['train', '--pairs', at('pairs.json'), ...args, ...quick, '--out', at('run')])
  expect(trained).toMatchObject({ code: 0, stderr: [] })
}, 120_000)

interface Evaluated {
  readonly before: EvaluatedRun
  readonly after: EvaluatedRun
  readonly comparison: RunComparison
  readonly winRate: WinRate
  readonly notes: readonly string[]
}

const evaluated = async (...args: string[]): Promise<Evaluated> => {
  const { code, stdout, stderr } = await run(['eval', ...args, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: [] })
  return JSON.parse(stdout)
}

describe('tabtune eval', () => {
  it('measures a model without an adapter and with it, side by side', async () => {
    const data = ['--pairs', at('pairs.json'), '--text', at('text.txt'), '--choices', at('piqa.jsonl')]
    const answers = ['--answers', '2', '--max-tokens', '4', '--judge', 'length']
    const report = at('report.html')
    const { before, after, comparison, winRate } = await evaluated(
      ...data,
      ...answers,
      ...['--adapter', at('run', 'adapter'), '--config', at('run', 'training.json'), '--report', report],
    )
    expect(before.metrics).toMatchObject({ 'rewards/margins': 0, loss: expect.closeTo(Math.LN2, 6) })
    expect(after.metrics['rewards/margins']).toBeGreaterThan(0)
    expect(after.metrics['rewards/accuracies']).toBe(1)
    for (const { metrics } of [before, after]) {
      expect(metrics['text/perplexity']).toBeGreaterThan(1)
      expect(metrics['piqa/questions']).toBe(2)
      expect([0, 0.5, 1]).toContain(metrics['piqa/acc'])
    }
    expect(after.metrics['text/perplexity']).not.toBe(before.metrics['text/perplexity'])
    expect(comparison.answers).toHaveLength(2)
    expect(winRate).toMatchObject({ missing: 0 })
    const page = readFileSync(report, 'utf8')
    for (const part of ['Evaluation report', 'Win rate', 'rewards/margins', '>pairs.json<', '>beta<'])
      expect(page).toContain(part)
    for (const part of ['learningRate', 'epochs', 'alpha', folder]) expect(page).not.toContain(part)
  }, 120_000)

  it('takes the least surprising answer for the best where the judge is perplexity', async () => {
    const { winRate } = await evaluated(
      ...['--pairs', at('pairs.json'), '--adapter', at('run', 'adapter')],
      ...['--answers', '1', '--max-tokens', '4', '--judge', 'perplexity'],
    )
    // The higher score wins: of perplexities, the negative ones.
    expect(winRate.scores.a).toBeLessThan(0)
  }, 60_000)

  it('prints what it measured of a model alone', async () => {
    const { code, stdout } = await run(['eval', '--text', at('text.txt')])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^bits_per_byte +\d+\.\d+$/m)
  }, 60_000)

  it('measures with the storage of the config, unless another one is given', async () => {
    writeFileSync(at('int4.json'), '{"storage": "int4"}')
    const loss = async (...args: string[]) =>
      (await evaluated('--pairs', at('pairs.json'), '--report', at('page.html'), ...args)).before.metrics[
        'logps/chosen'
      ]
    const stored = () => /storage<\/dt><dd>([^<]*)/.exec(readFileSync(at('page.html'), 'utf8'))?.[1]
    const exact = await loss()
    expect(stored()).toBe('f32')
    const quantized = await loss('--config', at('int4.json'))
    expect(stored()).toBe('int4')
    expect(quantized).not.toBe(exact)
    expect(await loss('--storage', 'int4')).toBe(quantized)
    expect(await loss('--config', at('int4.json'), '--storage', 'f32')).toBe(exact)
    expect(stored()).toBe('f32')
  }, 60_000)

  it('says which questions cannot be read', async () => {
    const lines = readFileSync(at('piqa.jsonl'), 'utf8')
    writeFileSync(at('some.jsonl'), `${lines}${JSON.stringify({ ...questions[0], label: -1 })}\n`)
    const { before, notes } = await evaluated('--choices', at('some.jsonl'))
    expect(before.metrics['piqa/questions']).toBe(2)
    expect(notes).toEqual([expect.stringContaining('2 questions read, 1 not; the first ')])
  }, 60_000)

  it.each([
    ['--choices', 'rows.jsonl', '{"instruction": "Name a tree.", "output": "An oak."}'],
    ['--choices', 'empty.jsonl', ''],
    ['--choices', 'unpublished.jsonl', '{"goal": "a", "sol1": "b", "sol2": "c", "label": -1}'],
    ['--pairs', 'rows.jsonl', '{"instruction": "Name a tree.", "output": "An oak."}'],
    ['--text', 'blank.txt', ' \n'],
  ])('ends with 2 where %s %s has nothing to measure', async (option, name, content) => {
    writeFileSync(at(name), content)
    const { code, stdout, stderr } = await run(['eval', option, at(name)])
    expect({ code, stdout, lines: stderr.length }).toEqual({ code: 2, stdout: '', lines: 1 })
    expect(stderr[0]).toContain(name)
  })

  it('refuses the config of a training on other data', async () => {
    writeFileSync(at('sft.json'), '{"method": "sft", "template": "vicuna"}')
    const { code, stderr } = await run(['eval', '--pairs', at('pairs.json'), ...['--config', at('sft.json')]])
    expect(code).toBe(2)
    expect(stderr[0]).toContain('its method sft learns from rows, and --pairs has pairs; give --rows')
  })

  it.each([
    [[], 'there is nothing to measure: give --pairs'],
    [['--text', 'a', '--adapter', 'a', '--against', 'b'], '--against is one too many beside --adapter'],
    [['--text', 'README.md', '--against', './absent'], './absent: there is no such model folder'],
    [['--pairs', 'a', '--rows', 'b'], '--rows is one too many beside --pairs'],
    [['--text', 'a', '--limit', '3'], '--limit is of no use without --pairs, --rows or --labelled'],
    [['--pairs', 'a', '--max-tokens', '3'], '--max-tokens is of no use without --answers'],
    [
      ['--pairs', 'a', '--answers', '3', '--judge', 'length'],
      '--judge is of no use without --answers, and --adapter or --against',
    ],
    [['--text', 'a', '--shots', '3'], '--shots is of no use without --choices'],
    [['--text', 'absent.txt'], 'absent.txt: there is no such file'],
    [['--text', 'README.md', '--adapter', 'absent'], 'absent: there is no such adapter folder'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await run(['eval', ...args])
    expect({ code, stdout, lines: stderr.length }).toEqual({ code: 2, stdout: '', lines: 1 })
    expect(stderr[0]).toContain(message)
  })
})

describe('tabtune merge', () => {
  it('writes a model that gives without the adapter what the other gave with it', async () => {
    const merged = await run(['merge', '--adapter', at('run', 'adapter'), '--out', at('merged')])
    expect(merged).toEqual({ code: 0, stdout: '', stderr: [] })
    const manifest = JSON.parse(readFileSync(at('merged', 'manifest.json'), 'utf8')) as Manifest
    expect(manifest.options).toEqual({ command: 'merge', dtype: 'f32' })
    expect(manifest.outputs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']),
    )
    const data = ['--pairs', at('pairs.json')]
    const { after } = await evaluated(...data, '--adapter', at('run', 'adapter'))
    const base = join(root, 'demo/public/model')
    const { before, ...merge } = await evaluated(...data, '--model', at('merged'), '--against', base)
    expect(merge.comparison).toMatchObject({
      before: 'public/model',
      after: expect.stringMatching(/merged$/),
    })
    expect(before.metrics).toMatchObject({ 'rewards/margins': 0, loss: expect.closeTo(Math.LN2, 6) })
    for (const name of ['logps/chosen', 'logps/rejected', 'rewards/margins', 'loss', 'entropy'])
      expect(merge.after.metrics[name], name).toBeCloseTo(after.metrics[name]!, 3)
  }, 120_000)

  it.each([
    [['--out', 'a'], '--adapter DIR is missing'],
    [['--adapter', 'a'], '--out DIR is missing'],
    [['--adapter', 'absent', '--out', 'a'], 'absent: there is no such adapter folder'],
    [['--adapter', 'a', '--out', 'b', '--dtype', 'f8'], "--dtype is 'f8', expected one of f32, f16, bf16"],
    [
      ['--adapter', 'a', '--out', 'b', '--template', 'vicuna'],
      '--template is of no use here: the model is written with the chat template that it has',
    ],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run(['merge', ...args])
    expect({ code, lines: stderr.length }).toEqual({ code: 2, lines: 1 })
    expect(stderr[0]).toContain(message)
  })

  it('does not write over the model that it reads, by whatever name', async () => {
    cpSync(join(root, 'demo/public/model'), at('base'), { recursive: true })
    symlinkSync(at('base'), at('link'))
    const weights = () => readFileSync(at('base', 'model.safetensors'))
    const before = weights()
    for (const out of [at('base'), at('link')]) {
      const { code, stderr } = await run([
        'merge',
        '--adapter',
        at('run', 'adapter'),
        ...['--model', at('base'), '--out', out],
      ])
      expect({ code, lines: stderr.length }).toEqual({ code: 2, lines: 1 })
      expect(stderr[0]).toContain(`--out ${out} is the model that the adapter is added to`)
      expect(weights().equals(before)).toBe(true)
    }
  })
})

describe('tabtune export', () => {
  it('writes an adapter for llama.cpp, and for PEFT as it was', async () => {
    const exported = (form: string) =>
      run(['export', '--adapter', at('run', 'adapter'), '--as', form, '--out', at(form)])
    expect(await exported('gguf')).toEqual({ code: 0, stdout: '', stderr: [] })
    const gguf = readFileSync(at('gguf', 'adapter.gguf'))
    expect(gguf.subarray(0, 4).toString()).toBe('GGUF')
    expect(gguf.includes('blk.0.attn_q.weight.lora_a')).toBe(true)
    expect(await exported('peft')).toEqual({ code: 0, stdout: '', stderr: [] })
    const weights = (...names: string[]) => readFileSync(at(...names, 'adapter_model.safetensors'))
    expect(weights('peft').equals(weights('run', 'adapter'))).toBe(true)
    expect(existsSync(at('peft', 'manifest.json'))).toBe(true)
  }, 60_000)

  it.each([
    [['--out', 'a'], '--adapter DIR is missing'],
    [['--adapter', 'a', '--out', 'b'], '--as NAME is missing, one of gguf, peft'],
    [['--adapter', 'a', '--as', 'onnx', '--out', 'b'], "--as is 'onnx', expected one of gguf, peft"],
    [['--adapter', 'absent', '--as', 'peft', '--out', 'b'], 'absent: there is no such adapter folder'],
    [['--adapter', 'a', '--as', 'peft', '--out', 'b', '--model', 'absent'], '--model is of no use here'],
    [['--adapter', 'a', '--as', 'gguf', '--out', 'b', '--storage', 'int4'], '--storage is of no use here'],
    [['--adapter', 'a', '--as', 'gguf', '--out', 'b', '--template', 'tulu'], '--template is of no use here'],
    [['--adapter', 'docs', '--as', 'gguf', '--out', 'docs'], '--out docs is the adapter that is read'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run(['export', ...args])
    expect({ code, lines: stderr.length }).toEqual({ code: 2, lines: 1 })
    expect(stderr[0]).toContain(message)
  })
})

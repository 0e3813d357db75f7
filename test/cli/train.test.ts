import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Manifest, parseTrainingConfig } from '../../src/index'
import { run, temporaryFolder } from './command'

const pairs = [
  ['Name a tree.', 'An oak.', 'A stone is a tree.'],
  ['What is the capital of France?', 'Paris.', 'I would rather not say.'],
  ['Say hello.', 'Hello!', 'Goodbye.'],
  ['Spell cat.', 'c, a, t', 'dog'],
  ['Same?', 'Yes.', 'Yes.  '],
].map(([prompt, chosen, rejected]) => ({ prompt, chosen, rejected }))

const folder = temporaryFolder({ keep: true })
const pairFile = join(folder, 'pairs.json')
writeFileSync(pairFile, JSON.stringify(pairs))

const out = (name: string, ...rest: string[]) => join(folder, name, ...rest)
const text = (path: string) => readFileSync(path, 'utf8')
const lines = (path: string) =>
  text(path)
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
const adapter = (name: string) => readFileSync(out(name, 'adapter', 'adapter_model.safetensors'))

const training = [
  ...['--pairs', pairFile, '--loss', 'sampo', '--rank', '2', '--learning-rate', '1e-3', '--batch-size', '2'],
  ...['--accumulation', '1', '--epochs', '5', '--checkpoint-steps', '2', '--checkpoint-seconds', 'none'],
  ...['--eval-split', '0.2', '--eval-answers', '1', '--eval-tokens', '4', '--eval-steps', '4'],
]

/** Ends a run by a signal once it has trained so many steps. */
async function ended(name: string, signal: NodeJS.Signals, steps: number): Promise<number | null> {
  const metrics = out(name, 'metrics.jsonl')
  const trained = () => (existsSync(metrics) ? text(metrics).split('"totalSteps"').length - 1 : 0)
  const { code } = await run(['train', ...training, '--out', out(name)], {
    whileRunning: async child => {
      while (trained() < steps && child.exitCode === null) await pause(10)
      child.kill(signal)
    },
  })
  return code
}

describe('tabtune train', () => {
  it('says what there is to train on, trains, and writes everything', async () => {
    const { code, stdout, stderr } = await run(['train', ...training, '--out', out('whole')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: [] })
    expect(stdout).toContain(
      '5 read, 0 dropped, 0 cut to 512 tokens\n4 to train on in 10 steps, 1 held out\n',
    )
    expect(stdout).toMatch(
      / {2}chosen: <\|im_start\|>user\\n.*<\|im_start\|>assistant\\n«.*<\|im_end\|>\\n»\n/,
    )
    expect(stdout).toMatch(/^rewards\/margins +0 +-?[\d.e-]+ +-?[\d.e-]+$/m)
    expect(readdirSync(out('whole')).sort()).toEqual([
      'adapter',
      'checkpoints',
      'manifest.json',
      'metrics.jsonl',
      'report.html',
      'run.json',
      'training.json',
    ])
    const metrics = lines(out('whole', 'metrics.jsonl'))
    const told = metrics.map(({ evaluation, step }) => evaluation ?? step)
    expect(told).toEqual(['before', 1, 2, 3, 4, 'step 4', 5, 6, 7, 8, 'step 8', 9, 10, 'after'])
    const checkpoints = readdirSync(out('whole', 'checkpoints')).filter(name => name.startsWith('checkpoint'))
    expect(checkpoints.sort()).toEqual(['checkpoint-000008.safetensors', 'checkpoint-000010.safetensors'])
    const config = parseTrainingConfig(JSON.parse(text(out('whole', 'training.json'))))
    expect(config).toMatchObject({ loss: [{ name: 'sampo', weight: 1 }], rank: 2, checkpointSeconds: null })
    const manifest = JSON.parse(text(out('whole', 'manifest.json'))) as Manifest
    expect(manifest.options).toMatchObject({ command: 'train', loss: 'sampo', epochs: 5 })
    expect(manifest.inputs.map(({ name }) => name)).toEqual(['pairs.json'])
    expect(manifest.outputs.map(({ name }) => name)).toEqual([
      'training.json',
      'metrics.jsonl',
      'adapter/adapter_config.json',
      'adapter/adapter_model.safetensors',
    ])
    const report = text(out('whole', 'report.html'))
    expect(report).toMatch(/^<!doctype html>/)
    for (const part of ['rewards/accuracies', 'Before and after', 'pairs.json'])
      expect(report).toContain(part)
  }, 240_000)

  it('goes on where it was killed, to the same bytes', async () => {
    expect(await ended('killed', 'SIGKILL', 5)).toBe(null)
    expect(existsSync(out('killed', 'adapter'))).toBe(false)
    const again = await run(['train', ...training, '--out', out('killed')])
    expect(again).toMatchObject({ code: 2, stdout: '' })
    expect(again.stderr[0]).toMatch(
      /killed holds a run that stopped after step \d+: go on with --resume, or name/,
    )
    const resumed = await run(['train', '--resume', '--out', out('killed')])
    expect(resumed).toMatchObject({ code: 0, stderr: [] })
    expect(adapter('killed').equals(adapter('whole'))).toBe(true)
    for (const name of ['metrics.jsonl', 'training.json', 'manifest.json'])
      expect(text(out('killed', name)), name).toBe(text(out('whole', name)))
  }, 240_000)

  it('stops on an interrupt with code 130, keeps what it learned, and goes on', async () => {
    expect(await ended('stopped', 'SIGINT', 3)).toBe(130)
    expect(readdirSync(out('stopped'))).toContain('adapter')
    expect(adapter('stopped').equals(adapter('whole'))).toBe(false)
    const resumed = await run(['train', ...training, '--resume', '--out', out('stopped')])
    expect(resumed).toMatchObject({ code: 0, stderr: [] })
    expect(adapter('stopped').equals(adapter('whole'))).toBe(true)
    expect(text(out('stopped', 'metrics.jsonl'))).toBe(text(out('whole', 'metrics.jsonl')))
  }, 240_000)

  it('refuses to go on with other options, and says which', async () => {
    const other = await run(['train', ...training, '--beta', '0.5', '--resume', '--out', out('whole')])
    expect(other.code).toBe(1)
    expect(other.stderr[0]).toMatch(/checkpoint-000010.safetensors belongs to another run: .*loss/)
    const config = parseTrainingConfig(JSON.parse(text(out('whole', 'training.json'))))
    expect(config.beta).toBe(0.1)
    const before = adapter('whole')
    const plain = await run(['train', '--resume', '--out', out('whole')])
    expect(plain).toMatchObject({ code: 0, stderr: [] })
    expect(plain.stdout).toContain('the run is finished: there is no step to go on with')
    expect(adapter('whole').equals(before)).toBe(true)
  }, 120_000)

  it('changes nothing if it is interrupted before it has taken over the checkpoint', async () => {
    const files = ['metrics.jsonl', 'training.json', 'adapter/adapter_model.safetensors', 'manifest.json']
    const contents = () => files.map(name => text(out('whole', name)))
    const before = contents()
    const { code } = await run(['train', '--resume', '--out', out('whole'), '--eval-tokens', '4000'], {
      whileRunning: async child => {
        await once(child.stdout, 'data')
        child.kill('SIGINT')
      },
    })
    expect(code).toBe(130)
    expect(contents()).toEqual(before)
  }, 120_000)

  it('goes on with rounds in the last one that has a checkpoint', async () => {
    const to = ['--pairs', pairFile, '--out', out('rounds')]
    const short = ['--max-length', '64', '--steps', '1', '--eval-split', '0', '--eval-answers', '0']
    const rounds = ['--iterative', '--rounds', '2']
    expect(await run(['train', ...to, ...short, ...rounds])).toMatchObject({ code: 0, stderr: [] })
    const contents = () =>
      ['metrics.jsonl', 'manifest.json', 'run.json'].map(name => text(out('rounds', name)))
    const before = contents()
    const again = await run(['train', ...to, ...short, ...rounds])
    expect(again.stderr).toEqual([
      expect.stringContaining('rounds holds a run that stopped after step 1: go'),
    ])
    expect(await run(['train', '--resume', '--out', out('rounds')])).toMatchObject({ code: 0, stderr: [] })
    expect(contents()).toEqual(before)
  }, 240_000)

  it('goes on from the adapter that the run was begun with, and from no other', async () => {
    const from = ['--pairs', pairFile, '--out', out('continued'), '--adapter', out('whole', 'adapter')]
    const short = ['--max-length', '64', '--steps', '1', '--eval-split', '0', '--eval-answers', '0']
    expect(await run(['train', ...from, ...short])).toMatchObject({ code: 0, stderr: [] })
    const manifest = text(out('continued', 'manifest.json'))
    const { inputs } = JSON.parse(manifest) as Manifest
    expect(inputs.map(({ name }) => name)).toEqual([
      'pairs.json',
      'adapter/adapter_config.json',
      'adapter/adapter_model.safetensors',
    ])
    const before = lines(out('continued', 'metrics.jsonl'))[0]
    const resume = (...args: string[]) => run(['train', '--resume', '--out', out('continued'), ...args])
    expect(await resume()).toMatchObject({ code: 0, stderr: [] })
    expect(lines(out('continued', 'metrics.jsonl'))[0]).toEqual(before)
    expect(text(out('continued', 'manifest.json'))).toBe(manifest)
    const otherData = out('other.json')
    writeFileSync(otherData, JSON.stringify(pairs.slice(1)))
    for (const [args, message] of [
      [['--pairs', otherData], 'other.json is read, and the run in '],
      [['--adapter', out('stopped', 'adapter'), '--model', 'absent'], '--model is absent, and the run in '],
      [['--adapter', out('continued', 'adapter')], 'adapter_model.safetensors is read, and the run in '],
    ] as const) {
      const { code, stderr } = await resume(...args)
      expect(code).toBe(2)
      expect(stderr[0]).toContain(message)
    }
  }, 240_000)

  it.each([
    [['--resume', '--pairs', pairFile, '--out', out('nothing')], 'nothing holds no run that could go on'],
    [['--pairs', pairFile, '--out', pairFile], 'pairs.json is a file, expected a folder'],
    [['--pairs', pairFile, '--out', out('nothing'), '--beta', '-1'], 'if that is its value, write --beta=-1'],
    [['--pairs', pairFile, '--out', out('nothing'), '--judge', 'ifd'], '--judge is of no use without rounds'],
    [['--pairs', pairFile, '--out', out('nothing'), '--recipe', 'sampoo'], '; did you mean sampo?'],
    [
      ['--pairs', pairFile, '--out', out('nothing'), '--max-length', '3'],
      'none of 5 examples can be trained',
    ],
  ])('refuses %j as a mistake of usage', async (args, message) => {
    const { code, stderr } = await run(['train', ...args])
    expect(stderr.join(' ')).toContain(message)
    expect(code).toBe(2)
  })

  it('refuses data of another kind', async () => {
    const { code, stderr } = await run(['train', '--rows', pairFile, '--out', out('refused')])
    expect(code).toBe(2)
    expect(stderr[0]).toContain('pairs.json')
    expect(existsSync(out('refused'))).toBe(false)
  })

  it.each([
    [['--pairs', 'absent.json'], 'absent.json: there is no such file'],
    [['--pairs', pairFile, '--adapter', 'absent'], 'absent: there is no such adapter folder'],
  ])('refuses %j before the GPU is opened', async (args, message) => {
    const { code, stderr } = await run(['train', ...args, '--out', out('refused')])
    expect(code).toBe(2)
    expect(stderr[0]).toContain(message)
    expect(existsSync(out('refused'))).toBe(false)
  })
})

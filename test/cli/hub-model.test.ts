import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HubServer } from '../node/io/hub-server'
import { root, run, temporaryFolder } from './command'

const id = 'owner/demonstration'
const model = join(root, 'demo/public/model')
const names = [
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
]

let hub: HubServer
beforeAll(async () => {
  hub = await HubServer.start()
  hub.publish(id, Object.fromEntries(names.map(name => [name, readFileSync(join(model, name))])))
})
afterAll(() => hub[Symbol.asyncDispose]())

/** A file of two rows, and the line that scores the answers' perplexities. */
function job() {
  const folder = temporaryFolder()
  const rows = join(folder, 'rows.jsonl')
  writeFileSync(
    rows,
    ['An oak.', 'A plan for rain.']
      .map(output => `${JSON.stringify({ instruction: 'Name one.', output })}\n`)
      .join(''),
  )
  const of = ['--model', id, '--endpoint', hub.endpoint, '--cache', join(folder, 'cache')]
  const score = (out: string, ...more: string[]) =>
    run(['score', rows, '--scorer', 'perplexity', '--out', join(folder, out), ...more])
  const scores = (out: string): number[] =>
    readFileSync(join(folder, out), 'utf8')
      .trimEnd()
      .split('\n')
      .flatMap(line => JSON.parse(line).perplexity_scores)
  return { folder, of, score, scores }
}

describe('--model with an id of the Hub', () => {
  it('downloads it once, computes as with the same folder, and works offline', async () => {
    const { of, score } = job()
    expect(await score('hub.jsonl', ...of)).toMatchObject({ code: 0 })
    expect(await score('folder.jsonl', '--model', model)).toMatchObject({ code: 0 })
    hub.asked.length = 0
    expect(await score('offline.jsonl', ...of, '--offline')).toMatchObject({ code: 0 })
    expect(hub.asked).toEqual([])
    const unkept = await score('x.jsonl', ...of.slice(0, 4), '--offline', '--cache', temporaryFolder())
    expect(unkept).toMatchObject({ code: 1, stdout: '' })
    expect(unkept.stderr.at(-1)).toContain('load it once with a connection')
  })

  it('reads it from any other address, which never gets the token of the environment', async () => {
    const { score } = job()
    const commit = hub.models.get(id)!.revisions.get('main')!.commit
    hub.asked.length = 0
    process.env.HF_TOKEN = 'hf_environment'
    try {
      const address = `${hub.endpoint}/${id}/resolve/${commit}/`
      expect(await score('address.jsonl', '--model', address)).toMatchObject({ code: 0, stderr: [] })
    } finally {
      delete process.env.HF_TOKEN
    }
    expect(hub.asked.length).toBeGreaterThan(names.length)
    expect(hub.asked.filter(({ authorization }) => authorization !== undefined)).toEqual([])
  })

  it('stores weights as it is told, and computes nearly the same', async () => {
    const { score, scores } = job()
    await score('f32.jsonl', '--model', model)
    const exact = scores('f32.jsonl')
    expect(exact).toHaveLength(2)
    for (const [storage, share] of [
      ['f16', 1e-3],
      ['int8', 0.02],
      ['int4', 0.3],
    ] as const) {
      const { code } = await score(`${storage}.jsonl`, '--model', model, '--storage', storage)
      expect(code).toBe(0)
      for (const [i, value] of scores(`${storage}.jsonl`).entries()) {
        expect(Math.abs(value / exact[i]! - 1)).toBeLessThan(share)
      }
    }
  })

  it('refuses what makes no sense, in one line', async () => {
    const { score, folder } = job()
    for (const [args, reason] of [
      [['--storage', 'int2'], "--storage is 'int2', expected one of f32, f16, int8, int4, int4-64"],
      [
        ['--template', 'none'],
        "--template is 'none', expected one of vicuna, tulu, llama3, chatml, zephyr, alpaca",
      ],
      [['--offline'], '--offline is of no use without --model'],
      [
        ['--model', folder, '--revision', 'main'],
        `--revision is for models of the Hub, and ${folder} is a folder`,
      ],
      [['--model', 'owner/none', '--endpoint', hub.endpoint, '--cache', folder], 'owner/none'],
      [['--model', folder], 'there is no config.json'],
    ] as const) {
      const { code, stdout, stderr } = await score('x.jsonl', ...args)
      expect({ code, stdout, lines: stderr.length }).toEqual({ code: 2, stdout: '', lines: 1 })
      expect(stderr[0]).toContain(reason)
    }
  })
})

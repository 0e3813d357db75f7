import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { folderStore } from '../../src/io/folder-store'
import { openModelFiles } from '../../src/io/open-model-files'
import { PIECE_BYTES } from '../../src/io/stored-file'
import { HubServer, noise, sha256 } from '../node/io/hub-server'
import { run, temporaryFolder } from './command'

const id = 'owner/tiny'
const weights = noise(3 * PIECE_BYTES + 321)

let hub: HubServer
beforeAll(async () => {
  hub = await HubServer.start()
})
afterAll(() => hub[Symbol.asyncDispose]())
beforeEach(() => {
  hub.models.clear()
  hub.publish(id, { 'config.json': '{}', 'model.safetensors': weights, 'README.md': '# Tiny' })
  hub.models.get(id)!.card = { cardData: { license: 'mit' } }
  hub.asked.length = 0
  hub.intervene = () => false
  hub.chunk = Number.POSITIVE_INFINITY
})

const at = () => ['--endpoint', hub.endpoint]
const models = (cache: string, ...args: string[]) => run(['models', ...args, '--cache', cache])

async function isWhole(cache: string): Promise<boolean> {
  const files = await openModelFiles(id, {
    store: folderStore(cache),
    endpoint: hub.endpoint,
    offline: true,
  })
  const source = await files.open('model.safetensors')
  return Buffer.compare(await source.read(0, source.size), weights) === 0
}

describe('tabtune models', () => {
  it('fetches a model, lists it, and removes it', async () => {
    const cache = temporaryFolder()
    const fetched = await models(cache, 'fetch', id, ...at())
    const commit = hub.models.get(id)!.revisions.get('main')!.commit.slice(0, 8)
    expect(fetched).toEqual({
      code: 0,
      stdout: `owner/tiny at ${commit}: 25.2 MB in 2 files\nlicense: mit\n`,
      stderr: [],
    })
    expect(await isWhole(cache)).toBe(true)
    const { stdout } = await models(cache, 'list')
    const [head, row, ...rest] = stdout.trimEnd().split('\n')
    expect(head).toMatch(/^model {7}revision {2}commit/)
    expect(row).toMatch(new RegExp(`^owner/tiny +main +${commit} +25\\.2 MB +complete +20`))
    expect(rest).toEqual([])
    const [listed] = JSON.parse((await models(cache, 'list', '--json')).stdout)
    expect(listed).toMatchObject({ id, complete: true, revisions: ['main'], bytes: weights.length + 2 })
    expect((await models(cache, 'rm', `${id}@dev`, ...at())).code).toBe(2)
    expect(await models(cache, 'rm', id, ...at())).toEqual({ code: 0, stdout: '', stderr: [] })
    expect(readdirSync(cache).filter(name => !name.startsWith('.'))).toEqual([])
    const again = await models(cache, 'rm', id, ...at())
    expect(again.code).toBe(2)
    expect(again.stderr[0]).toMatch(/owner\/tiny is not kept in .*'tabtune models list'/)
    await models(cache, 'fetch', id, ...at())
    expect((await models(cache, 'rm', '--all')).code).toBe(0)
    expect((await models(cache, 'list')).stdout.split('\n').length).toBe(2)
  })

  it('goes on where it was killed, at any moment, and asks only for what is missing', async () => {
    const cache = temporaryFolder()
    hub.chunk = PIECE_BYTES / 64
    /** When the processes are killed: after so many of the 193 chunks. The third has finished a piece. */
    const moments = [0, 40, 150, 30]
    for (const moment of moments) {
      let child: ChildProcess | undefined
      const before = pieces(cache).length
      hub.asked.length = 0
      let sent = 0
      hub.intervene = async (asked, response) => {
        if (asked.at !== 'cdn') return false
        const write = response.write.bind(response)
        response.write = ((chunk: Uint8Array) => {
          if (sent++ === moment) child?.kill('SIGKILL')
          return write(chunk)
        }) as typeof response.write
        return false
      }
      const { code } = await run(['models', 'fetch', id, ...at(), '--cache', cache], {
        whileRunning: started => {
          child = started
        },
      })
      const ranges = hub.ranges('model.safetensors').map(range => Number(/=(\d+)-/.exec(range!)![1]))
      expect(ranges).toEqual([...new Set(ranges)])
      for (const begin of ranges) expect(begin / PIECE_BYTES).toBeGreaterThanOrEqual(before)
      expect(code).toBe(null)
    }
    expect(pieces(cache).length).toBeGreaterThan(0)
    hub.intervene = () => false
    const left = 4 - pieces(cache).length
    hub.asked.length = 0
    expect((await models(cache, 'fetch', id, ...at())).code).toBe(0)
    expect(hub.ranges('model.safetensors').length).toBe(left)
    expect(await isWhole(cache)).toBe(true)
    // What the killed processes were writing is gone too.
    const leftovers = readdirSync(cache, { recursive: true, encoding: 'utf8' })
    expect(leftovers.filter(path => path.includes('unfinished'))).toEqual([])
  })

  it('is one at a time, of two that are started together', async () => {
    const cache = temporaryFolder()
    hub.chunk = PIECE_BYTES / 8
    const both = await Promise.all([1, 2].map(() => models(cache, 'fetch', id, ...at())))
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(hub.ranges('model.safetensors').length).toBe(4)
    expect(await isWhole(cache)).toBe(true)
  })

  it('sends a token to its endpoint only, and never the one of the environment to a mirror', async () => {
    const cache = temporaryFolder()
    hub.models.get(id)!.token = 'hf_secret'
    process.env.HF_TOKEN = 'hf_environment'
    try {
      const refused = await models(cache, 'fetch', id, ...at())
      expect(refused.code).toBe(2)
      expect(refused.stderr[0]).toMatch(/has no model 'owner\/tiny', or it is private and needs a token/)
      expect(hub.asked.every(({ authorization }) => authorization === undefined)).toBe(true)
      expect((await models(cache, 'fetch', id, '--token', 'hf_secret', ...at())).code).toBe(0)
    } finally {
      delete process.env.HF_TOKEN
    }
    expect(hub.asked.filter(({ at }) => at === 'cdn').every(asked => asked.authorization === undefined)).toBe(
      true,
    )
    for (const path of readdirSync(cache, { recursive: true, encoding: 'utf8' }))
      if (path.endsWith('.json')) expect(readFileSync(join(cache, path), 'utf8')).not.toMatch('hf_secret')
  })

  it.each([
    [[], "'' is none of list, fetch, rm"],
    [['steal'], "'steal' is none of list, fetch, rm"],
    [['fetch'], 'the ID of a model is missing'],
    [['fetch', 'a/b', 'c/d'], "'c/d' is one too many for models fetch"],
    [['list', 'a/b'], "'a/b' is one too many for models list"],
    [['rm', 'a/b', '--all'], "'a/b' is one too many for models rm"],
    [['list', '--token', 'x'], '--token is of no use: models list does not take it'],
    [['fetch', 'a/b@v1', '--revision', 'v2'], "--revision is 'v2', and a/b@v1 says 'v1'"],
    [['fetch', 'a b'], "'a b' is not the id of a model on the Hub"],
    [['rm', 'a b'], "'a b' is not the id of a model on the Hub"],
    [['fetch', 'a/b', '--token', 'x…'], 'huggingface.co: the token is empty, or holds'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await run(['models', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.join()).toContain(message)
  })

  it('fetches nothing of a model whose weights are no safetensors', async () => {
    const cache = temporaryFolder()
    hub.publish('owner/onnx', {
      'config.json': '{}',
      'onnx/model.onnx': weights,
      'pytorch_model.bin': weights,
    })
    expect(await models(cache, 'fetch', 'owner/onnx', ...at())).toEqual({
      code: 2,
      stdout: '',
      stderr: [
        'tabtune: owner/onnx has no weights in safetensors; others (pickles, ONNX, GGUF) are not fetched',
      ],
    })
    expect(readdirSync(cache)).toEqual([])
  })

  it('says in one line what went wrong', async () => {
    const cache = temporaryFolder()
    for (const [status, code, said] of [
      [403, 2, 'owner/tiny: the server answered 403 Forbidden: the token may not read'],
      [413, 1, 'the server answered 413 Payload Too Large'],
    ] as const) {
      hub.intervene = (_, response) => {
        response.writeHead(status).end()
        return true
      }
      const { stderr, ...ended } = await models(cache, 'fetch', id, '--token', 'x', ...at())
      expect(ended).toEqual({ code, stdout: '' })
      expect(stderr).toEqual([expect.stringMatching(/^tabtune: /)])
      expect(stderr[0]).toContain(said)
    }
  })
})

/** The pieces of the weights that are in a cache. */
function pieces(cache: string): string[] {
  const found = readdirSync(cache, { recursive: true, encoding: 'utf8' })
  return found.filter(path => path.includes(sha256(weights)) && /\d{6}-[0-9a-f]{64}$/.test(path))
}

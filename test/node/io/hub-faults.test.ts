import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CachedHubOptions, cachedHubFiles } from '../../../src/io/cached-hub-files'
import { folderStore } from '../../../src/io/folder-store'
import { HubError } from '../../../src/io/hub-error'
import { modelInfo } from '../../../src/io/model-info'
import type { ModelStore } from '../../../src/io/model-store'
import { PIECE_BYTES } from '../../../src/io/stored-file'
import { type Asked, HubServer, noise } from './hub-server'

const id = 'owner/tiny'
const weights = noise(2 * PIECE_BYTES + 777)
const config = '{"model_type":"llama"}'

let hub: HubServer
let folder: string
let store: ModelStore
beforeAll(async () => {
  hub = await HubServer.start()
})
afterAll(() => hub[Symbol.asyncDispose]())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-faults-'))
  store = folderStore(folder)
  hub.models.clear()
  hub.publish(id, { 'config.json': config, 'model.safetensors': weights })
  hub.asked.length = 0
  hub.intervene = () => false
})
afterEach(() => rm(folder, { recursive: true }))

const open = (options: Partial<CachedHubOptions> = {}) =>
  cachedHubFiles(id, { store, endpoint: hub.endpoint, retry: { delay: 1 }, ...options })
/** What is expected to fail: bytes in place of an error would be printed, by the million. */
const lengthOf = async (bytes: Promise<Uint8Array>) => (await bytes).length
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0

async function readWeights(options: Partial<CachedHubOptions> = {}): Promise<Uint8Array> {
  const source = await open(options).open('model.safetensors')
  return source.read(0, source.size)
}

const isStorage = ({ at }: Asked) => at === 'cdn'

/** Answers the first `times` requests of the storage in another way. */
function fail(times: number, answer: (response: ServerResponse, asked: Asked) => void): void {
  let left = times
  hub.intervene = (asked, response) => {
    if (!isStorage(asked) || left-- <= 0) return false
    answer(response, asked)
    return true
  }
}

/** The range that was asked for. */
const rangeOf = ({ range }: Asked) =>
  /^bytes=(\d+)-(\d+)$/
    .exec(range ?? '')!
    .slice(1)
    .map(Number) as [number, number]

describe('a fault that passes costs only its piece', () => {
  test.each<[string, (response: ServerResponse, asked: Asked) => void]>([
    ['500', response => response.writeHead(500).end()],
    ['503', response => response.writeHead(503).end()],
    ['429 that asks to wait', response => response.writeHead(429, { 'retry-after': '0' }).end()],
    ['a closed connection', response => response.destroy()],
    [
      'a body that breaks off',
      (response, asked) => {
        const [first, last] = rangeOf(asked)
        response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${weights.length}` })
        response.write(weights.subarray(first, first + 10), () => response.destroy())
      },
    ],
    [
      'a short body',
      (response, asked) => {
        const [first, last] = rangeOf(asked)
        response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${weights.length}` })
        response.end(weights.subarray(first, last))
      },
    ],
    [
      'a long body',
      (response, asked) => {
        const [first, last] = rangeOf(asked)
        response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${weights.length}` })
        response.end(new Uint8Array(last - first + 2))
      },
    ],
    [
      'another range',
      (response, asked) => {
        const [first, last] = rangeOf(asked)
        response.writeHead(206, { 'content-range': `bytes ${first + 1}-${last + 1}/${weights.length}` })
        response.end(weights.subarray(first, last + 1))
      },
    ],
    [
      'a range of another file',
      (response, asked) => {
        const [first, last] = rangeOf(asked)
        response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${weights.length + 1}` })
        response.end(weights.subarray(first, last + 1))
      },
    ],
    [
      'a web page',
      response => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
    ],
    ['a status that nobody expects', response => response.writeHead(416).end()],
  ])('%s', async (_, answer) => {
    fail(2, answer)
    expect(isSame(await readWeights(), weights)).toBe(true)
    expect(hub.ranges('model.safetensors').length).toBe(5)
  })
})

describe('a fault that stays is an error, after as many tries as were allowed', () => {
  test('500, and what arrived before stays', async () => {
    hub.intervene = (asked, response) => {
      if (!isStorage(asked) || rangeOf(asked)[0] < PIECE_BYTES) return false
      response.writeHead(500).end()
      return true
    }
    await expect(lengthOf(readWeights({ retry: { tries: 3, delay: 1 } }))).rejects.toMatchObject({
      reason: 'busy',
    })
    // The piece after it is asked for when it came: here it never did.
    expect(hub.asked.filter(isStorage).length).toBe(1 + 3)
    hub.intervene = () => false
    hub.asked.length = 0
    expect(isSame(await readWeights(), weights)).toBe(true)
    expect(hub.ranges('model.safetensors').map(range => range!.split('-')[0])).toEqual([
      `bytes=${PIECE_BYTES}`,
      `bytes=${2 * PIECE_BYTES}`,
    ])
  })

  test('a server that asks for more patience than a minute is left alone', async () => {
    fail(9, response => response.writeHead(429, { 'retry-after': '3600' }).end())
    const error = await readWeights().catch(caught => caught)
    expect(error).toMatchObject({ name: 'HubError', reason: 'busy', retryAfter: 3_600_000 })
    expect(error.message).toMatch(/answered 429 .*try again later/)
    expect(hub.asked.filter(isStorage).length).toBe(1)
  })

  test('a signal ends the waiting with its own reason', async () => {
    fail(9, response => response.writeHead(503).end())
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 100)
    const reading = readWeights({ signal: stop.signal, retry: { delay: 60_000 } })
    await expect(lengthOf(reading)).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('bytes that are not those of the listing, though the server says so', async () => {
    hub.intervene = async (asked, response) => {
      if (!isStorage(asked)) return false
      const wrong = weights.slice()
      wrong[5]! ^= 1
      await hub.send(asked, response, wrong)
      return true
    }
    await expect(lengthOf(readWeights())).rejects.toThrow(
      /owner\/tiny\/model\.safetensors: what the server sent is not the file that the Hub lists/,
    )
    // Nothing of it is left.
    const left = await readdir(folder, { recursive: true })
    expect(left.filter(path => /\d{6}-/.test(path) && !path.includes('config'))).toEqual(
      left.filter(path => /000000-/.test(path)),
    )
  })
})

describe('a server that ignores ranges', () => {
  const ignore = async (asked: Asked, response: ServerResponse) => {
    if (!isStorage(asked)) return false
    await hub.send({ ...asked, range: undefined }, response, weights)
    return true
  }

  test('sends the body once', async () => {
    hub.intervene = ignore
    expect(isSame(await readWeights(), weights)).toBe(true)
    expect(hub.asked.filter(isStorage).length).toBe(1)
  })

  test('sends it again from the start when it breaks off, or when another had begun', async () => {
    hub.intervene = (asked, response) => {
      if (!isStorage(asked) || rangeOf(asked)[0] === 0) return false
      response.writeHead(500).end()
      return true
    }
    await expect(lengthOf(readWeights({ retry: { tries: 1 } }))).rejects.toThrow(HubError)
    let broken = false
    hub.intervene = (asked, response) => {
      if (!isStorage(asked) || broken) return ignore(asked, response)
      broken = true
      response.writeHead(200, { 'content-length': weights.length })
      response.write(weights.subarray(0, PIECE_BYTES + 5), () => response.destroy())
      return true
    }
    expect(isSame(await readWeights(), weights)).toBe(true)
  })

  test('a body of another length is an error', async () => {
    for (const size of [weights.length - 1, 10]) {
      hub.intervene = (asked, response) => {
        if (!isStorage(asked)) return false
        response.end(weights.subarray(0, size))
        return true
      }
      await expect(lengthOf(readWeights({ retry: { tries: 1 } }))).rejects.toThrow(
        `${size} bytes came, the Hub lists ${weights.length}`,
      )
    }
  })
})

test('a file that changed on the server is begun anew, as it is now listed', async () => {
  const changed = noise(2 * PIECE_BYTES + 99, 7)
  let swapped = false
  hub.intervene = asked => {
    // At the last piece of the old file, and under the same commit.
    if (!swapped && asked.at === 'hub' && asked.range?.startsWith(`bytes=${2 * PIECE_BYTES}-`)) {
      swapped = true
      const { commit } = hub.models.get(id)!.revisions.get('main')!
      hub.models.get(id)!.revisions.set('main', {
        commit,
        files: new Map([
          ['config.json', new TextEncoder().encode(config)],
          ['model.safetensors', changed],
        ]),
      })
      hub.models.get(id)!.revisions.set(commit, hub.models.get(id)!.revisions.get('main')!)
    }
    return false
  }
  expect(isSame(await readWeights(), changed)).toBe(true)
  expect(isSame(await readWeights({ offline: true }), changed)).toBe(true)
})

test('a new commit in the middle of a download begins the changed file anew, and leaves no pieces behind', async () => {
  hub.intervene = (asked, response) => {
    if (!isStorage(asked) || rangeOf(asked)[0] === 0) return false
    response.writeHead(500).end()
    return true
  }
  await expect(lengthOf(readWeights({ retry: { tries: 1 } }))).rejects.toThrow(HubError)
  hub.intervene = () => false
  const changed = noise(1000, 3)
  hub.publish(id, { 'config.json': config, 'model.safetensors': changed })
  expect(isSame(await readWeights(), changed)).toBe(true)
  const pieces = (await readdir(folder, { recursive: true })).filter(path => /\d{6}-[0-9a-f]{64}$/.test(path))
  expect(pieces.length).toBe(2)
})

test('any sequence of interrupted downloads ends in the same bytes', async () => {
  const end = fc.constantFrom('500', 'destroy', 'abort', 'wrong', 'whole')
  const interruptions = fc.array(fc.tuple(end, fc.nat(4)), { maxLength: 5 })
  let run = 0
  await fc.assert(
    fc.asyncProperty(interruptions, async sequence => {
      const own = folderStore(join(folder, `run-${run++}`))
      for (const [kind, after] of sequence) {
        const stop = new AbortController()
        let count = 0
        hub.intervene = async (asked, response) => {
          if (!isStorage(asked) || count++ < after) return false
          if (kind === 'abort') stop.abort()
          if (kind === '500') response.writeHead(500).end()
          else if (kind === 'wrong') await hub.send(asked, response, weights.slice(1))
          else if (kind === 'whole') {
            response.writeHead(200)
            response.write(weights.subarray(0, PIECE_BYTES + 17), () => response.destroy())
          } else response.destroy()
          return true
        }
        await readWeights({ store: own, signal: stop.signal, retry: { tries: 1 } }).catch(() => {})
      }
      hub.intervene = () => false
      expect(isSame(await readWeights({ store: own }), weights)).toBe(true)
    }),
    { numRuns: 8, endOnFailure: true },
  )
})

describe('a token', () => {
  const token = 'hf_secret'
  const sent = () => hub.asked.filter(({ authorization }) => authorization !== undefined)

  test("goes to the Hub's own host only: never to the storage that it leads to", async () => {
    hub.models.get(id)!.token = token
    expect(isSame(await readWeights({ token }), weights)).toBe(true)
    expect((await modelInfo(id, { endpoint: hub.endpoint, token })).id).toBe(id)
    expect(hub.asked.filter(isStorage).length).toBe(3)
    expect(hub.asked.filter(isStorage).every(({ authorization }) => authorization === undefined)).toBe(true)
    expect(JSON.stringify(hub.asked.filter(isStorage))).not.toMatch(token)
    expect(sent().length).toBe(hub.asked.length - 3)
    // It is nowhere on disk, and offline it is not needed.
    const listed = await readdir(folder, { recursive: true })
    for (const path of listed.filter(name => name.endsWith('.json')))
      expect(new TextDecoder().decode((await store.read(path))!)).not.toMatch(token)
    expect(isSame(await readWeights({ offline: true }), weights)).toBe(true)
  })

  test('that is missing, or may not read the model, is told apart', async () => {
    const asks = (options: { token?: string }) => modelInfo(id, { endpoint: hub.endpoint, ...options })
    hub.models.get(id)!.token = token
    await expect(asks({})).rejects.toMatchObject({ reason: 'missing' })
    await expect(asks({})).rejects.toThrow(/has no model 'owner\/tiny', or it is private and needs a token/)
    await expect(asks({ token: 'hf_other' })).rejects.toThrow(/or the token may not read it/)
    // The listing of a gated model is public, its files are not.
    hub.models.get(id)!.card = { gated: 'manual', private: false }
    expect((await asks({})).gated).toBe(true)
    await expect(open().text('config.json')).rejects.toMatchObject({ reason: 'gated' })
    await expect(open().text('config.json')).rejects.toThrow(
      `owner/tiny is gated: accept its terms at ${hub.endpoint}/owner/tiny and pass a token of that account`,
    )
    await expect(open({ token: 'hf_other' }).text('config.json')).rejects.toThrow(
      /with the account of this token/,
    )
    expect(await open({ token }).text('config.json')).toBe(config)
    hub.intervene = (_, response) => {
      response.writeHead(403).end()
      return true
    }
    await expect(asks({ token })).rejects.toMatchObject({ reason: 'refused' })
    // None of these is asked twice.
    expect(hub.asked.filter(({ url }) => url.includes('/api/')).length).toBeLessThan(12)
  })

  test('is not sent unencrypted to another machine', () => {
    expect(() => open({ token, endpoint: 'http://mirror.example' })).toThrow(/would be sent unencrypted/)
    expect(() => open({ endpoint: 'https://user:pass@mirror.example' })).toThrow(/holds a user name/)
  })
})

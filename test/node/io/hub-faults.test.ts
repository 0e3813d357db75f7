import { readdir } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { folderStore } from '../../../src/io/folder-store'
import { HubError } from '../../../src/io/hub-error'
import { PIECE_BYTES } from '../../../src/io/stored-file'
import { type Asked, noise } from './hub-server'
import { id, isSame, lengthOf, withHub } from './with-hub'

const weights = noise(2 * PIECE_BYTES + 777)
const config = '{"model_type":"llama"}'
const at = withHub({ 'config.json': config, 'model.safetensors': weights })

const isStorage = (asked: Asked) => asked.at === 'cdn'

/** Answers the first `times` requests of the storage in another way. */
function fail(times: number, answer: (response: ServerResponse, asked: Asked) => void): void {
  let left = times
  at.hub.intervene = (asked, response) => {
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
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    expect(at.hub.ranges('model.safetensors').length).toBe(5)
  })
})

describe('a fault that stays is an error, after as many tries as were allowed', () => {
  test('500, and what arrived before stays', async () => {
    at.hub.intervene = (asked, response) => {
      if (!isStorage(asked) || rangeOf(asked)[0] < PIECE_BYTES) return false
      response.writeHead(500).end()
      return true
    }
    await expect(lengthOf(at.readWeights({ retry: { tries: 3, delay: 1 } }))).rejects.toMatchObject({
      reason: 'busy',
    })
    // The piece after it is asked for when it came: here it never did.
    expect(at.hub.asked.filter(isStorage).length).toBe(1 + 3)
    at.hub.intervene = () => false
    at.hub.asked.length = 0
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    expect(at.hub.ranges('model.safetensors').map(range => range!.split('-')[0])).toEqual([
      `bytes=${PIECE_BYTES}`,
      `bytes=${2 * PIECE_BYTES}`,
    ])
  })

  test('a server that asks for more patience than a minute is left alone', async () => {
    fail(9, response => response.writeHead(429, { 'retry-after': '3600' }).end())
    const error = await at.readWeights().catch(caught => caught)
    expect(error).toMatchObject({ name: 'HubError', reason: 'busy', retryAfter: 3_600_000 })
    expect(error.message).toMatch(/answered 429 .*try again later/)
    expect(at.hub.asked.filter(isStorage).length).toBe(1)
  })

  test('a signal ends the waiting with its own reason', async () => {
    fail(9, response => response.writeHead(503).end())
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 100)
    const reading = at.readWeights({ signal: stop.signal, retry: { delay: 60_000 } })
    await expect(lengthOf(reading)).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('bytes that are not those of the listing, though the server says so', async () => {
    at.hub.intervene = async (asked, response) => {
      if (!isStorage(asked)) return false
      const wrong = weights.slice()
      wrong[5]! ^= 1
      await at.hub.send(asked, response, wrong)
      return true
    }
    await expect(lengthOf(at.readWeights())).rejects.toThrow(
      /owner\/tiny\/model\.safetensors: what the server sent is not the file that the Hub lists/,
    )
    // Nothing of it is left.
    const left = await readdir(at.folder, { recursive: true })
    expect(left.filter(path => /\d{6}-/.test(path) && !path.includes('config'))).toEqual(
      left.filter(path => /000000-/.test(path)),
    )
  })
})

describe('a server that ignores ranges', () => {
  const ignore = async (asked: Asked, response: ServerResponse) => {
    if (!isStorage(asked)) return false
    await at.hub.send({ ...asked, range: undefined }, response, weights)
    return true
  }

  test('sends the body once', async () => {
    at.hub.intervene = ignore
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    expect(at.hub.asked.filter(isStorage).length).toBe(1)
  })

  test('sends it again from the start when it breaks off, or when another had begun', async () => {
    at.hub.intervene = (asked, response) => {
      if (!isStorage(asked) || rangeOf(asked)[0] === 0) return false
      response.writeHead(500).end()
      return true
    }
    await expect(lengthOf(at.readWeights({ retry: { tries: 1 } }))).rejects.toThrow(HubError)
    let broken = false
    at.hub.intervene = (asked, response) => {
      if (!isStorage(asked) || broken) return ignore(asked, response)
      broken = true
      response.writeHead(200, { 'content-length': weights.length })
      response.write(weights.subarray(0, PIECE_BYTES + 5), () => response.destroy())
      return true
    }
    expect(isSame(await at.readWeights(), weights)).toBe(true)
  })

  test('a body of another length is an error', async () => {
    for (const size of [weights.length - 1, 10]) {
      at.hub.intervene = (asked, response) => {
        if (!isStorage(asked)) return false
        response.end(weights.subarray(0, size))
        return true
      }
      await expect(lengthOf(at.readWeights({ retry: { tries: 1 } }))).rejects.toThrow(
        `${size} bytes came, the Hub lists ${weights.length}`,
      )
    }
  })
})

test('a file that changed on the server is begun anew, as it is now listed', async () => {
  const changed = noise(2 * PIECE_BYTES + 99, 7)
  let swapped = false
  at.hub.intervene = asked => {
    // At the last piece of the old file, and under the same commit.
    if (!swapped && asked.at === 'hub' && asked.range?.startsWith(`bytes=${2 * PIECE_BYTES}-`)) {
      swapped = true
      const { commit } = at.hub.models.get(id)!.revisions.get('main')!
      at.hub.models.get(id)!.revisions.set('main', {
        commit,
        files: new Map([
          ['config.json', new TextEncoder().encode(config)],
          ['model.safetensors', changed],
        ]),
      })
      at.hub.models.get(id)!.revisions.set(commit, at.hub.models.get(id)!.revisions.get('main')!)
    }
    return false
  }
  expect(isSame(await at.readWeights(), changed)).toBe(true)
  expect(isSame(await at.readWeights({ offline: true }), changed)).toBe(true)
})

test('a new commit in the middle of a download begins the changed file anew, and leaves no pieces behind', async () => {
  at.hub.intervene = (asked, response) => {
    if (!isStorage(asked) || rangeOf(asked)[0] === 0) return false
    response.writeHead(500).end()
    return true
  }
  await expect(lengthOf(at.readWeights({ retry: { tries: 1 } }))).rejects.toThrow(HubError)
  at.hub.intervene = () => false
  const changed = noise(1000, 3)
  at.hub.publish(id, { 'config.json': config, 'model.safetensors': changed })
  expect(isSame(await at.readWeights(), changed)).toBe(true)
  const pieces = (await readdir(at.folder, { recursive: true })).filter(path =>
    /\d{6}-[0-9a-f]{64}$/.test(path),
  )
  expect(pieces.length).toBe(2)
})

test('any sequence of interrupted downloads ends in the same bytes', async () => {
  const end = fc.constantFrom('500', 'destroy', 'abort', 'wrong', 'whole')
  const interruptions = fc.array(fc.tuple(end, fc.nat(4)), { maxLength: 5 })
  let run = 0
  await fc.assert(
    fc.asyncProperty(interruptions, async sequence => {
      const own = folderStore(join(at.folder, `run-${run++}`))
      for (const [kind, after] of sequence) {
        const stop = new AbortController()
        let count = 0
        at.hub.intervene = async (asked, response) => {
          if (!isStorage(asked) || count++ < after) return false
          if (kind === 'abort') stop.abort()
          if (kind === '500') response.writeHead(500).end()
          else if (kind === 'wrong') await at.hub.send(asked, response, weights.slice(1))
          else if (kind === 'whole') {
            response.writeHead(200)
            response.write(weights.subarray(0, PIECE_BYTES + 17), () => response.destroy())
          } else response.destroy()
          return true
        }
        await at.readWeights({ store: own, signal: stop.signal, retry: { tries: 1 } }).catch(() => {})
      }
      at.hub.intervene = () => false
      expect(isSame(await at.readWeights({ store: own }), weights)).toBe(true)
    }),
    { numRuns: 8, endOnFailure: true },
  )
})

import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HubError } from '../../../src/io/hub-error'
import { modelInfo, parseInfo } from '../../../src/io/model-info'
import { gitId, HubServer, noise, sha256 } from './hub-server'

const id = 'owner/model'
const weights = noise(1000)
const files = {
  'config.json': '{}',
  'tokenizer.json': '{"a":1}',
  'README.md': '# A model',
  'model.safetensors': weights,
  'pytorch_model.bin': noise(2000),
  'onnx/model.onnx': noise(3000),
  'model.gguf': noise(10),
}

let hub: HubServer
beforeAll(async () => {
  hub = await HubServer.start()
})
afterAll(() => hub[Symbol.asyncDispose]())
beforeEach(() => {
  hub.models.clear()
  hub.intervene = () => false
  hub.asked.length = 0
})

const ask = (options: Parameters<typeof modelInfo>[1] = {}) =>
  modelInfo(id, { endpoint: hub.endpoint, retry: { delay: 1 }, ...options })

describe('what the Hub says of a model', () => {
  test('its commit, files with sizes and digests, what is fetched of them, license and flags', async () => {
    const commit = hub.publish(id, files)
    hub.models.get(id)!.card = {
      gated: false,
      private: false,
      pipeline_tag: 'text-generation',
      tags: ['license:mit'],
      cardData: { license: 'apache-2.0' },
    }
    const info = await ask()
    expect(info).toMatchObject({
      id,
      commit,
      bytes: 1009,
      license: 'apache-2.0',
      gated: false,
      private: false,
      pipelineTag: 'text-generation',
    })
    expect(info.files.filter(({ wanted }) => wanted)).toEqual([
      { path: 'config.json', size: 2, digest: gitId(new TextEncoder().encode('{}')), wanted: true },
      { path: 'tokenizer.json', size: 7, digest: gitId(new TextEncoder().encode('{"a":1}')), wanted: true },
      { path: 'model.safetensors', size: 1000, digest: sha256(weights), wanted: true },
    ])
    expect(info.files.length).toBe(7)
    expect(hub.asked.length).toBe(1)
  })

  test('more where it is asked for', async () => {
    hub.publish(id, files)
    const { bytes } = await ask({ include: path => path.endsWith('.onnx') })
    expect(bytes).toBe(4009)
  })

  test('shards, but not beside a single file, and no second set of weights', async () => {
    const shards = {
      'model.safetensors.index.json': '{}',
      'model-00001-of-00002.safetensors': noise(4),
      'model-00002-of-00002.safetensors': noise(5),
      'consolidated.safetensors': noise(9),
    }
    hub.publish(id, shards)
    expect((await ask()).bytes).toBe(11)
    hub.publish(id, { ...shards, 'model.safetensors': noise(3) })
    expect((await ask()).bytes).toBe(3)
  })

  test.each<[string, Record<string, unknown>, string | null]>([
    ['its tags', { tags: ['llama', 'license:mit'] }, 'mit'],
    ['a name of its own', { cardData: { license: 'other', license_name: 'llama3.2' } }, 'llama3.2'],
    ['several', { cardData: { license: ['mit', 'apache-2.0'] } }, 'mit, apache-2.0'],
    ['none', { cardData: null }, null],
  ])('license from %s', async (_, card, license) => {
    hub.publish(id, { 'config.json': '{}' })
    hub.models.get(id)!.card = card
    expect((await ask()).license).toBe(license)
  })
})

test('no such model, no such revision, no connection', async () => {
  await expect(ask()).rejects.toThrow(`${hub.endpoint} has no model 'owner/model'`)
  hub.publish(id, { 'config.json': '{}' })
  await expect(ask({ revision: 'v9' })).rejects.toThrow("owner/model has no branch, tag or commit 'v9'")
  const closed = await HubServer.start()
  await closed[Symbol.asyncDispose]()
  await expect(ask({ endpoint: closed.endpoint, retry: { tries: 2, delay: 1 } })).rejects.toMatchObject({
    reason: 'offline',
  })
  await expect(modelInfo('not an id')).rejects.toThrow(/is not the id of a model/)
})

test('a server that is busy is asked again, as often as allowed', async () => {
  hub.publish(id, { 'config.json': '{}' })
  let failures = 4
  hub.intervene = (_, response) => {
    if (failures-- <= 0) return false
    response.writeHead(503, { 'retry-after': new Date(Date.now() + 5).toUTCString() }).end()
    return true
  }
  expect((await ask()).id).toBe(id)
  failures = 5
  hub.asked.length = 0
  await expect(ask()).rejects.toMatchObject({ reason: 'busy' })
  expect(hub.asked.length).toBe(5)
})

describe('an answer that is no listing', () => {
  const whole = { sha: 'a'.repeat(40), siblings: [{ rfilename: 'a', size: 1, blobId: 'b'.repeat(40) }] }
  const parse = (answer: unknown) =>
    parseInfo(typeof answer === 'string' ? answer : JSON.stringify(answer), { id, endpoint: 'https://hub' })
  test.each<[unknown, RegExp]>([
    ['<html>', /is not JSON; is this a Hub\?/],
    ['null', /names no commit/],
    [{ ...whole, sha: 'main' }, /names no commit/],
    [{ ...whole, siblings: {} }, /has no files/],
    [{ ...whole, siblings: [null] }, /has a file without a name/],
    [{ ...whole, siblings: [{ rfilename: 'a', blobId: 'b'.repeat(40) }] }, /has no size for a/],
    [{ ...whole, siblings: [{ rfilename: 'a', size: -1, blobId: 'b'.repeat(40) }] }, /has no size for a/],
    [{ ...whole, siblings: [{ rfilename: 'a', size: 1, blobId: '../x' }] }, /has no digest for a/],
  ])('%j', (answer, message) => {
    expect(() => parse(answer)).toThrow(message)
    expect(() => parse(answer)).toThrow(/https:\/\/hub: its listing of owner\/model/)
  })

  test('any JSON gives an info or a HubError', () => {
    const sibling = fc.record(
      { rfilename: fc.anything(), size: fc.anything(), blobId: fc.anything(), lfs: fc.anything() },
      { requiredKeys: [] },
    )
    const answer = fc.record(
      {
        sha: fc.constantFrom('a'.repeat(40), '', null),
        siblings: fc.oneof(fc.anything(), fc.array(fc.oneof(fc.constant(whole.siblings[0]), sibling))),
        cardData: fc.anything(),
        tags: fc.anything(),
        gated: fc.anything(),
        pipeline_tag: fc.anything(),
      },
      { requiredKeys: ['sha', 'siblings'] },
    )
    fc.assert(
      fc.property(answer, value => {
        const json = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? Number(part) : part))
        try {
          expect(parse(json).bytes).toBeGreaterThanOrEqual(0)
        } catch (error) {
          expect(error).toBeInstanceOf(HubError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

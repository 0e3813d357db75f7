import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { modelInfo } from '../../../src/io/model-info'
import { type Asked, noise } from './hub-server'
import { id, isSame, withHub } from './with-hub'

const weights = noise(1_000_001)
const config = '{"model_type":"llama"}'
const at = withHub({ 'config.json': config, 'model.safetensors': weights })
const isStorage = (asked: Asked) => asked.at === 'cdn'

describe('a token', () => {
  const token = 'hf_secret'
  const sent = () => at.hub.asked.filter(({ authorization }) => authorization !== undefined)

  test("goes to the Hub's own host only: never to the storage that it leads to", async () => {
    at.hub.models.get(id)!.token = token
    expect(isSame(await at.readWeights({ token }), weights)).toBe(true)
    expect((await modelInfo(id, { endpoint: at.hub.endpoint, token })).id).toBe(id)
    expect(at.hub.asked.filter(isStorage).length).toBe(1)
    expect(at.hub.asked.filter(isStorage).every(({ authorization }) => authorization === undefined)).toBe(
      true,
    )
    expect(JSON.stringify(at.hub.asked.filter(isStorage))).not.toMatch(token)
    expect(sent().length).toBe(at.hub.asked.length - 1)
    // It is nowhere on disk, and offline it is not needed.
    const listed = await readdir(at.folder, { recursive: true })
    for (const path of listed.filter(name => name.endsWith('.json')))
      expect(new TextDecoder().decode((await at.store.read(path))!)).not.toMatch(token)
    expect(isSame(await at.readWeights({ offline: true }), weights)).toBe(true)
  })

  test('that is missing, or may not read the model, is told apart', async () => {
    const asks = (options: { token?: string }) => modelInfo(id, { endpoint: at.hub.endpoint, ...options })
    at.hub.models.get(id)!.token = token
    await expect(asks({})).rejects.toMatchObject({ reason: 'missing' })
    await expect(asks({})).rejects.toThrow(/has no model 'owner\/tiny', or it is private and needs a token/)
    await expect(asks({ token: 'hf_other' })).rejects.toThrow(/or the token may not read it/)
    // The listing of a gated model is public, its files are not.
    at.hub.models.get(id)!.card = { gated: 'manual', private: false }
    expect((await asks({})).gated).toBe(true)
    await expect(at.open().text('config.json')).rejects.toMatchObject({ reason: 'gated' })
    await expect(at.open().text('config.json')).rejects.toThrow(
      `owner/tiny is gated: accept its terms at ${at.hub.endpoint}/owner/tiny and pass a token of that account`,
    )
    await expect(at.open({ token: 'hf_other' }).text('config.json')).rejects.toThrow(
      /with the account of this token/,
    )
    expect(await at.open({ token }).text('config.json')).toBe(config)
    at.hub.intervene = (_, response) => {
      response.writeHead(403).end()
      return true
    }
    await expect(asks({ token })).rejects.toMatchObject({ reason: 'refused' })
    // None of these is asked twice.
    expect(at.hub.asked.filter(({ url }) => url.includes('/api/')).length).toBeLessThan(12)
  })

  test('is not sent unencrypted to another machine', () => {
    expect(() => at.open({ token, endpoint: 'http://mirror.example' })).toThrow(/would be sent unencrypted/)
    expect(() => at.open({ endpoint: 'https://user:pass@mirror.example' })).toThrow(/holds a user name/)
    expect(() => at.open({ endpoint: 'https://mirror.example?key=1' })).toThrow(/there is a query behind it/)
  })

  test.each(['', ' ', 'hf_se\ncret', 'hf_se cret', 'hf_secret…', 'hf_sécret'])(
    'that no header can hold, %j, is refused without being shown',
    async wrong => {
      const error = await at.readWeights({ token: wrong }).catch(caught => caught)
      expect(error).toMatchObject({ name: 'ModelFilesError' })
      expect(error.message).toMatch(/^127\.0\.0\.1:\d+: the token is empty, or holds white space/)
      expect(error.message).not.toMatch(/hf_/)
      expect(at.hub.asked).toEqual([])
    },
  )
})

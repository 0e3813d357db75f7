import { readdir, readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blobSource } from '../../src/io/byte-source'
import { openSafetensors, writeSafetensors } from '../../src/io/safetensors'
import { HubServer } from '../node/io/hub-server'
import { fill, launch, openPage, servePage } from './open-page'

const LONG = 120_000
const bundled = new URL('../../demo/public/model/', import.meta.url)

let hub: HubServer
let site: Awaited<ReturnType<typeof servePage>>
let browser: Browser

beforeAll(async () => {
  hub = await HubServer.start()
  const files = await modelFiles()
  hub.publish('owner/tiny', files)
  hub.models.get('owner/tiny')!.card = { cardData: { license: 'apache-2.0' } }
  hub.publish('owner/gated', files)
  Object.assign(hub.models.get('owner/gated')!, {
    card: { gated: 'manual', cardData: { license: 'other', license_name: 'of its own' } },
    token: 'hf_secret',
  })
  const { 'model.safetensors.index.json': index, ...others } = files
  hub.publish('owner/broken', {
    ...others,
    'model.safetensors.index.json': (index as string).replace('"model.embed_tokens.weight":', '"other":'),
  })
  hub.publish('owner/strange', { ...files, 'config.json': '{"model_type":"mamba"}' })
  site = await servePage([hub.endpoint, hub.cdn])
  browser = await launch()
})

afterAll(async () => {
  await browser?.close()
  await site?.[Symbol.asyncDispose]()
  await hub?.[Symbol.asyncDispose]()
})

const SHARDS = 4

/** The bundled model in several shards, without its chat template and its scorers. */
async function modelFiles(): Promise<Record<string, Uint8Array | string>> {
  const files: Record<string, Uint8Array | string> = {}
  for (const name of await readdir(bundled))
    if (name.endsWith('.json')) files[name] = await readFile(new URL(name, bundled), 'utf8')
  const { chat_template: _, ...config } = JSON.parse(files['tokenizer_config.json'] as string)
  files['tokenizer_config.json'] = JSON.stringify(config)

  const bytes = await readFile(new URL('model.safetensors', bundled))
  const whole = await openSafetensors(blobSource(new Blob([bytes]), 'bundled'), 'bundled')
  // The embedding, which is as large as all the rest, comes last.
  const names = [...whole.tensors.keys()].reverse()
  const weight_map: Record<string, string> = {}
  const each = Math.ceil(names.length / SHARDS)
  for (let n = 0; n < SHARDS; n++) {
    const file = `model-0000${n + 1}-of-0000${SHARDS}.safetensors`
    const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>()
    for (const name of names.slice(n * each, (n + 1) * each)) {
      weight_map[name] = file
      tensors.set(name, { shape: whole.tensors.get(name)!.shape, data: await whole.read(name) })
    }
    files[file] = writeSafetensors(tensors)
  }
  files['model.safetensors.index.json'] = JSON.stringify({ metadata: {}, weight_map })
  return files
}

const panel = (page: Page) => page.locator('#model')

async function lookUp(page: Page, id: string): Promise<void> {
  await page.getByLabel('A model of the Hugging Face Hub').fill(id)
  await page.getByRole('button', { name: 'Look up' }).click()
}

/** A short answer, drawn. */
async function answer(page: Page): Promise<string> {
  await page.getByText('How it answers').click()
  await fill(page, { 'Longest answer': '12', Temperature: '1', 'Seed of answers': '3' })
  await page.getByLabel('Question', { exact: true }).fill('What is the sun?')
  await page.getByRole('button', { name: 'Answer', exact: true }).click()
  await page.locator('#answers .progress').waitFor()
  await page.locator('#answers .progress').waitFor({ state: 'detached', timeout: LONG })
  return (await page.locator('.answer .text').first().textContent())!
}

test(
  'what the Hub does not give, and what cannot be used, says why and what to do',
  async () => {
    const { page } = await openPage(browser, site.address)
    await page.getByRole('button', { name: 'Choose another' }).click()
    await lookUp(page, 'owner/none')
    const refused = page.getByRole('alert')
    await refused.getByText("has no model 'owner/none', or it is private and needs a token").waitFor()
    await lookUp(page, 'owner/strange')
    await refused.getByText('model_type is "mamba", known are: llama').waitFor()
    await lookUp(page, 'owner/gated')
    await page.locator('.facts').getByText('of its own').waitFor()
    await refused.getByText('owner/gated is gated: accept its terms at').waitFor()
    expect(await page.getByRole('button', { name: 'Download and use' }).count()).toBe(0)

    const field = page.getByLabel('Token of the Hub')
    expect(await field.getAttribute('type')).toBe('password')
    await field.fill('hf_secret')
    const { length } = hub.asked
    await page.getByRole('button', { name: 'Look up' }).click()
    const session = await page.context().newCDPSession(page)
    const { origin } = new URL(site.address)
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 2e6 })
    await page.getByRole('button', { name: 'Download and use' }).click()
    await refused.getByText(/are still to be stored .* free space elsewhere/).waitFor()
    await session.send('Storage.overrideQuotaForOrigin', { origin })
    await page.getByRole('button', { name: /^Download .*and use$/ }).click()
    await page.locator('.model-now').getByText('owner/gated').waitFor()
    const later = hub.asked.slice(length)
    expect(later.filter(({ at }) => at === 'hub').every(({ authorization }) => authorization)).toBe(true)
    const storage = later.filter(({ at }) => at === 'cdn')
    expect(new Set(storage.map(({ url }) => url)).size).toBe(SHARDS)
    expect(storage.filter(({ authorization }) => authorization)).toEqual([])
    // Kept only where the visitor ticks it.
    const stored = () => page.evaluate(() => Object.values(localStorage))
    expect(await stored()).toEqual([])
    await page.getByRole('button', { name: 'Choose another' }).click()
    await page.getByLabel('Keep it in this browser').check()
    expect(await stored()).toEqual(['hf_secret'])
    await page.getByLabel('Keep it in this browser').uncheck()
    expect(await stored()).toEqual([])

    // The present model has made room for one that cannot be loaded.
    await lookUp(page, 'owner/broken')
    await page.getByRole('button', { name: 'Download and use' }).click()
    await refused.getByText(/owner\/broken: .*'other'.* lacks it/).waitFor()
    await page.locator('.model-now').getByText('Bundled demonstration model').waitFor()
    expect(await answer(page)).not.toBe('No answer yet.')
    await page.close()
  },
  LONG,
)

test(
  'a model of the Hub is looked up, downloaded, cancelled, resumed, used, found again without the Hub, and removed',
  async () => {
    hub.asked.length = 0
    const { page, requests, errors } = await openPage(browser, site.address)
    await page.getByRole('button', { name: 'Choose another' }).click()
    await page.getByText('Small ones that work').click()
    await page.getByRole('button', { name: 'openai-community/gpt2' }).click()
    expect(await page.getByLabel('A model of the Hugging Face Hub').inputValue()).toBe(
      'openai-community/gpt2',
    )
    // Nobody was asked for anything before this.
    expect(requests.filter(url => !url.replace(/^blob:/, '').startsWith(site.address))).toEqual([])
    expect(hub.asked).toEqual([])

    await lookUp(page, 'owner/tiny')
    const facts = page.locator('.facts')
    await facts.getByText('apache-2.0').waitFor()
    expect(await facts.textContent()).toContain('Download4.7 MB')
    expect(hub.asked.some(({ url }) => url.includes('.safetensors'))).toBe(false)
    const rows = await facts.locator('tbody tr').allTextContents()
    expect(rows).toHaveLength(4)
    await facts.getByRole('radio', { name: 'fp16' }).check()

    // 1 ms for each: some of the shards are here when it is cancelled.
    hub.chunk = 2048
    await facts.getByRole('button', { name: 'Download and use' }).click()
    await panel(page)
      .getByText(/MB of 4\.7 MB, .* a second, about .* left/)
      .waitFor()
    await panel(page).getByRole('button', { name: 'Cancel' }).click()
    await page.locator('.kept-models').getByText('of 4.7 MB, not finished').waitFor()
    const whole = hub.asked.filter(({ url }) => url.includes('00001-of')).length
    expect(whole).toBeGreaterThan(0)
    await panel(page).getByText('Bundled demonstration model').waitFor()

    hub.chunk = Number.POSITIVE_INFINITY
    await facts.getByRole('button', { name: 'Download the rest and use' }).click()
    await page.locator('.model-now').getByText('as fp16').waitFor()
    await page.locator('.model-now').getByText('owner/tiny').waitFor()
    // The first shard had come.
    expect(hub.asked.filter(({ url }) => url.includes('00001-of'))).toHaveLength(whole)
    expect(await page.getByLabel('Chat template').inputValue()).toBe('alpaca')
    expect(await page.getByLabel('Learning rate', { exact: true }).inputValue()).toBe('1e-4')
    await page.getByText('This model was not trained to score.').waitFor()
    const first = await answer(page)
    expect(first).not.toBe('')
    expect(errors).toEqual([])

    await hub[Symbol.asyncDispose]()
    requests.length = 0
    page.once('dialog', dialog => dialog.accept())
    await page.reload()
    await page.getByText('Bundled demonstration model').waitFor()
    await page.getByRole('button', { name: 'Choose another' }).click()
    await page.getByRole('button', { name: 'Use owner/tiny' }).click()
    await facts.getByText('all of it is here').waitFor()
    await facts.getByRole('radio', { name: 'fp16' }).check()
    await facts.getByRole('button', { name: 'Use this model' }).click()
    await page.locator('.model-now').getByText('owner/tiny').waitFor()
    expect(await answer(page)).toBe(first)
    expect(requests.filter(url => !url.replace(/^blob:/, '').startsWith(site.address))).toEqual([])

    await page.getByRole('button', { name: 'Choose another' }).click()
    await page.getByText('in use', { exact: true }).waitFor()
    // Nor does the way by its name need the Hub.
    await lookUp(page, 'owner/tiny')
    await facts.getByText('all of it is here').waitFor()
    await page.getByRole('button', { name: 'Go back to the bundled model' }).click()
    await page.getByText('The model was changed: the answers of owner/tiny are gone.').waitFor()
    expect(await page.getByLabel('Learning rate', { exact: true }).inputValue()).toBe('0.001')
    await page.getByRole('button', { name: 'Remove owner/tiny' }).click()
    await page.locator('.kept-models').waitFor({ state: 'detached' })
    const left = await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory()
      const names: string[] = []
      for await (const name of (await root.getDirectoryHandle('tabtune-models')).keys()) names.push(name)
      return names.filter(name => !name.startsWith('.'))
    })
    expect(left).toEqual([])
    await page.close()
  },
  LONG,
)

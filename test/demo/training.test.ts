import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fewPairs, fewRows, lines } from './few-records'
import { choose, download, fill, launch, openPage, servePage } from './open-page'
import { openTraining, quick } from './quick-training'

const LONG = 300_000

let site: Awaited<ReturnType<typeof servePage>>
let browser: Browser

beforeAll(async () => {
  site = await servePage()
  browser = await launch()
})

afterAll(async () => {
  await browser?.close()
  await site?.[Symbol.asyncDispose]()
})

test(
  'a training outlives its tab and the GPU: stopped, reloaded, crashed, it goes on',
  async () => {
    const { page, errors } = await openPage(browser, site.address)
    await choose(page, 'Preference pairs', 'prefer.json', await fewPairs(3))
    const many = { 'Most steps': '40', Epochs: '30', 'Checkpoint every': '1', 'Answers shown': '0' }
    await openTraining(page, { ...quick, ...many, 'Measured on': '1' })
    await page.getByRole('button', { name: 'Train', exact: true }).click()
    const figures = page.locator('.live .figures')
    await figures.getByText(/^step [2-9]/).waitFor({ timeout: LONG })

    page.once('dialog', dialog => dialog.accept())
    await page.reload()
    await page.getByText('A training is kept here that did not end.').waitFor()
    const goOn = page.getByRole('button', { name: /^Go on from step/ })
    await goOn.click()
    // Its data was kept too, and what its first steps had shown.
    await page.getByText('3 of 4 pairs can be used').waitFor()
    const stop = page.getByRole('button', { name: 'Stop and keep' })
    await stop.waitFor()
    expect(await page.getByLabel('Rank', { exact: true }).inputValue()).toBe('4')
    await figures.getByText(/^step [3-9]/).waitFor({ timeout: LONG })
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByText('The GPU is free.').waitFor()
    await stop.click()
    await page.getByText('Stopped early.').waitFor({ timeout: LONG })
    expect(await page.getByRole('img', { name: /^Loss after step \d+:/ }).count()).toBe(1)
    await page.getByRole('link', { name: 'adapter/adapter_model.safetensors' }).waitFor()
    const trained = await download(page, 'adapter/adapter_model.safetensors')

    await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess')
    await page.getByText('The GPU stopped.').waitFor()
    await page.getByRole('button', { name: 'Start again' }).click()
    await page.getByText('The GPU stopped.').waitFor({ state: 'detached' })
    await fill(page, { Question: 'What is the sun?' })
    await page.getByRole('button', { name: 'Answer', exact: true }).click()
    await page.locator('#answers .progress').waitFor()
    await page.locator('#answers .progress').waitFor({ state: 'detached', timeout: LONG })
    expect(await page.locator('.answer .text').last().textContent()).not.toBe('No answer yet.')
    const again = await download(page, 'adapter/adapter_model.safetensors')
    expect(again.equals(trained)).toBe(true)

    const before = Number(/\d+/.exec((await goOn.textContent())!))
    await goOn.click()
    await figures.getByText(`step ${before + 1}`, { exact: true }).waitFor({ timeout: LONG })
    await stop.click()
    await page.getByText('Stopped early.').waitFor({ timeout: LONG })
    await page.getByRole('button', { name: 'Discard it' }).click()
    await goOn.waitFor({ state: 'detached' })
    expect(errors).toEqual([])
    await page.close()
  },
  LONG,
)

test(
  'options are explained, checked at their field, opened from a file and saved to one',
  async () => {
    const { page, errors } = await openPage(browser, site.address)
    await choose(page, 'Preference pairs', 'prefer.json', await fewPairs(3))
    await page.locator('.plan').waitFor()
    const train = page.getByRole('button', { name: 'Train', exact: true })
    const epochs = page.getByLabel('Epochs', { exact: true })
    await fill(page, { Epochs: 'many' })
    await page.getByText("epochs is 'many', expected a whole number at least 1").waitFor()
    expect(await epochs.getAttribute('aria-invalid')).toBe('true')
    expect(await train.isEnabled()).toBe(false)
    await fill(page, { Epochs: '2' })
    await page.getByRole('button', { name: 'Set Epochs back to 1' }).click()
    expect(await epochs.inputValue()).toBe('1')
    expect(await epochs.getAttribute('aria-invalid')).toBe('false')

    await page.getByLabel('Recipe', { exact: true }).selectOption('sampo')
    expect(await page.getByLabel('Learning rate', { exact: true }).inputValue()).toBe('4e-6')
    await page.getByText(/^What was changed to make it fit/).click()
    await page.getByText('LoRA learns at about ten times the rate of full training.').waitFor()
    await page.getByRole('radio', { name: /^As published/ }).check()
    expect(await page.getByLabel('What is trained', { exact: true }).inputValue()).toBe('full')
    expect(await page.getByLabel('Rank', { exact: true }).count()).toBe(0)
    // All weights have no adapter that could be turned off.
    await page.locator('.groups summary', { hasText: 'Reference' }).click()
    await page.getByLabel('Reference', { exact: true }).selectOption('live')
    await page.locator('.field-error', { hasText: 'use cached, copy or model' }).waitFor()

    const refused = page.getByRole('alert')
    await choose(page, 'Open options', 'wrong.json', { epoch: 2 })
    await refused.getByText('did you mean epochs?').waitFor()
    const options = { method: 'sft', loss: 'dft', epochs: 3, packing: true }
    await choose(page, 'Open options', 'mine.json', options)
    await refused.waitFor({ state: 'detached' })
    expect(await page.getByRole('radio', { name: /^SFT/ }).isChecked()).toBe(true)
    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save these options' }).click()
    const saved = await (await saving).createReadStream()
    const chunks: Buffer[] = []
    for await (const chunk of saved) chunks.push(chunk as Buffer)
    const config = JSON.parse(Buffer.concat(chunks).toString())
    expect(config).toMatchObject({ ...options, loss: [{ name: 'dft', weight: 1 }], learningRate: 2e-4 })
    expect(errors).toEqual([])
    await page.close()
  },
  LONG,
)

test(
  'rows and labelled answers are trained on too, and charts are read by key',
  async () => {
    const { page, errors } = await openPage(browser, site.address)
    await choose(page, 'Instruction rows', 'mine.json', (await fewRows()).slice(0, 6))
    const short = { ...quick, 'Most steps': '3', 'Answers shown': '0', 'Measured on': '2', 'Held out': '0.4' }
    await page.getByRole('radio', { name: /^SFT/ }).check()
    await page.getByText('all 6 rows of mine.json').waitFor()
    await openTraining(page, short)
    await page.getByRole('button', { name: 'Train', exact: true }).click()
    await page.getByRole('button', { name: 'Train anew' }).waitFor({ timeout: LONG })
    await page.locator('#answers').getByText('Perplexity').waitFor()
    const reader = page.getByRole('slider', { name: 'Loss at a step' })
    await reader.focus()
    await page.keyboard.press('Home')
    expect(await reader.getAttribute('aria-valuetext')).toMatch(/^step 0: training –, held out \d/)
    await page.keyboard.press('ArrowRight')
    expect(await reader.getAttribute('aria-valuetext')).toMatch(/^step 1: training \d/)

    await page.getByRole('radio', { name: /^Good and bad/ }).check()
    const answers = ['Yes, it does.', 'No.', 'Perhaps.'].map((completion, n) => ({
      prompt: 'Does the sun shine?',
      completion,
      label: n === 0,
    }))
    await choose(page, 'Labelled answers', 'labels.json', answers)
    await page.getByText('3 of 3 answers can be used').waitFor()
    await page.getByText('1 answers are good').waitFor({ state: 'attached' })
    await fill(page, { 'Held out': '0' })
    await page.getByRole('button', { name: 'Train anew' }).click()
    await page.locator('#training .progress').waitFor()
    await page.locator('#training .progress').waitFor({ state: 'detached', timeout: LONG })
    await page.locator('.files').waitFor()
    const metrics = lines(await download(page, 'metrics.jsonl'))
    expect(metrics.filter(({ grad_norm }) => grad_norm !== undefined)).toHaveLength(3)
    expect(metrics[1]).toHaveProperty('kl')
    const manifest = JSON.parse((await download(page, 'manifest.json')).toString())
    expect(manifest.inputs.map(({ name }: { name: string }) => name)).toEqual(['mine.json', 'labels.json'])
    expect(errors).toEqual([])
    await page.close()
  },
  LONG,
)

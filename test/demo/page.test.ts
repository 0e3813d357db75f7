import { createHash } from 'node:crypto'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { unzipSync } from 'fflate'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesFromList } from '../../src/io/model-files'
import { readPeftAdapter } from '../../src/io/peft-adapter'
import { parseTrainingConfig } from '../../src/job/training-config'
import { fewPairs, fewRows, lines } from './few-records'
import {
  choose,
  download,
  drop,
  fill,
  launch,
  longestTask,
  openPage,
  servePage,
  watchTasks,
} from './open-page'
import { openTraining, quick } from './quick-training'

const LONG = 300_000
const bundled = new URL('../../demo/public/model/', import.meta.url)

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
  'the sample is one click away, and scoring it can be cancelled',
  async () => {
    const { page, errors } = await openPage(browser, site.address)
    await page.getByRole('button', { name: 'Try the sample' }).click()
    const data = page.locator('#data')
    await data.getByText('217 of 220 rows can be used').waitFor()
    await data.getByText('68 of 70 pairs can be used').waitFor()
    await data.getByText('3 rows could not be used').click()
    expect(await data.locator('.problems').first().textContent()).toMatch(
      /row 101, line \d+: "output" is empty/,
    )
    await page.locator('.plan').getByText('(6 held out)').waitFor()
    await page.getByRole('button', { name: 'Score the rows' }).click()
    await page.locator('#scores progress[value]').waitFor({ timeout: LONG })
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page
      .getByRole('button', { name: 'Score the rows' })
      .and(page.locator(':enabled'))
      .waitFor({ timeout: LONG })
    expect(await page.locator('#scores .chart').count()).toBe(0)
    expect(errors).toEqual([])
    await page.close()
  },
  LONG,
)

test(
  'the whole job, to its last file',
  async () => {
    const rows = await fewRows()
    const { page, requests, errors } = await openPage(browser, site.address)
    await watchTasks(page)
    await choose(page, 'Instruction rows', 'mine.json', rows)
    await page.getByText(`16 of 18 rows can be used`).waitFor()
    await choose(page, 'Preference pairs', 'prefer.json', await fewPairs(6))
    await page.getByText('6 of 7 pairs can be used').waitFor()

    await fill(page, { Budget: '5' })
    await page.getByRole('button', { name: 'Score the rows' }).click()
    await page.locator('.tallies').waitFor({ timeout: LONG })
    expect(await page.locator('#scores .chart').count()).toBe(3)
    const tally = page.locator('.tallies')
    expect(await tally.textContent()).toMatch(/18 all rows5 kept/)
    await tally.getByText('too similar').click()
    const similar = page.locator('tr', { has: page.locator('.chip.similar') }).first()
    await similar.locator('.row-toggle').click()
    await page.locator('.detail').getByText('kept instead').waitFor()
    expect(await page.locator('.detail .text-card').count()).toBe(2)

    await openTraining(page, quick)
    await page.getByRole('button', { name: 'Train', exact: true }).click()
    await page.getByRole('button', { name: 'Train anew' }).waitFor({ timeout: LONG })
    await page.locator('.live').getByText('4 of 4').waitFor()
    await page.locator('#answers table').first().waitFor()
    await fill(page, { Question: 'What is the sun?' })
    await page.getByRole('button', { name: 'Answer', exact: true }).click()
    await page.locator('#answers .progress').waitFor()
    await page.locator('#answers .progress').waitFor({ state: 'detached', timeout: LONG })
    const after = await page.locator('.answer .text').last().textContent()
    expect(after).not.toBe('No answer yet.')
    // The page was never held for long, although the GPU was busy all the time.
    expect(await longestTask(page)).toBeLessThan(300)

    await page.locator('.files').waitFor()
    const files = new Map<string, Buffer>()
    for (const link of await page.locator('.files a').all()) {
      const name = (await link.textContent())!
      files.set(name, await download(page, name))
    }
    const selected = JSON.parse(files.get('selected.json')!.toString()) as unknown[]
    expect(selected).toHaveLength(5)
    for (const row of selected) expect(rows).toContainEqual(row)

    const records = lines(files.get('selection.jsonl')!)
    expect(records.map(({ row }) => row)).toEqual(rows.map((_, row) => row))
    const kept = records.filter(({ decision }) => decision === 'kept')
    expect(kept.sort((a, b) => Number(a.rank) - Number(b.rank)).map(({ row }) => rows[Number(row)])).toEqual(
      selected,
    )
    expect(records.filter(({ decision }) => decision === 'unreadable')).toHaveLength(2)

    const adapter = await readPeftAdapter(
      filesFromList(
        new Map(
          ['adapter_config.json', 'adapter_model.safetensors'].map(name => [
            name,
            new Blob([new Uint8Array(files.get(`adapter/${name}`)!)]),
          ]),
        ),
      ),
    )
    // Five blocks of seven linear layers, an A and a B each.
    expect(adapter.tensors.size).toBe(5 * 7 * 2)
    expect(adapter.config.r).toBe(4)
    for (const [name, { data }] of adapter.tensors)
      expect(
        data.some(value => value !== 0),
        name,
      ).toBe(true)

    const metrics = lines(files.get('metrics.jsonl')!)
    const steps = metrics.filter(({ grad_norm }) => grad_norm !== undefined)
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4])
    expect(Math.abs(Number(steps[0]!.loss) - Math.LN2)).toBeLessThan(1e-4)
    expect(metrics.at(-1)).toMatchObject({ evaluation: 'after', step: 4 })
    const config = JSON.parse(files.get('training.json')!.toString())
    expect(parseTrainingConfig(config)).toEqual(config)

    const manifest = JSON.parse(files.get('manifest.json')!.toString())
    const hash = (name: string) => createHash('sha256').update(files.get(name)!).digest('hex')
    const names = [...files.keys()].filter(name => name !== 'manifest.json')
    expect(manifest.outputs).toEqual(
      names.map(name => ({ name, bytes: files.get(name)!.length, sha256: hash(name) })),
    )
    expect(manifest.inputs.map(({ name }: { name: string }) => name)).toEqual(['mine.json', 'prefer.json'])
    expect(manifest.options).toMatchObject({ budget: 5, rank: 4, steps: 4, batchSize: 1 })

    const report = files.get('report.html')!.toString()
    expect(report).toContain('5 of 18 rows kept')
    expect(report).toContain('4 steps')
    expect(report).toContain('What is the sun?')
    expect(report).not.toMatch(/<script|src=|https?:/)
    const training = files.get('training-report.html')!.toString()
    expect(training).toContain('Reward accuracy')
    expect(training).not.toMatch(/<script|src=/)

    const archive = unzipSync(new Uint8Array(await download(page, 'Download all as one .zip')))
    expect(Object.keys(archive)).toEqual([...files.keys()])
    for (const [name, bytes] of files) expect(Buffer.from(archive[name]!).equals(bytes), name).toBe(true)

    await page.getByRole('button', { name: 'View the report of the training' }).click()
    await page.getByRole('dialog').getByText('Reward margin').first().waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Make the adapter as GGUF' }).click()
    expect((await download(page, 'adapter.gguf')).subarray(0, 4).toString()).toBe('GGUF')
    await page.getByRole('button', { name: /^Make the model with the adapter/ }).click()
    const merged = await download(page, 'model/model.safetensors')
    expect(merged.length).toBeGreaterThan(2_000_000)

    const foreign = requests.filter(url => !url.replace(/^blob:/, '').startsWith(site.address))
    expect(foreign).toEqual([])
    expect(errors).toEqual([])
    await page.close()
  },
  LONG,
)

test(
  'a file that cannot be read says so where it was given',
  async () => {
    const { page, errors } = await openPage(browser, site.address)
    const text = (content: string) => new TextEncoder().encode(content)
    const rows = JSON.stringify(await fewRows())
    const cases: readonly (readonly [content: Uint8Array, message: RegExp])[] = [
      [text('Plain prose.'), /JSON/],
      [text(rows.slice(0, 900)), /breaks off/],
      [text(''), /empty/],
      [text('{"a": 1}'), /without a list/],
      [text(JSON.stringify(await fewPairs(2))), /preference pair/],
      [Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 0, 0), /ZIP/],
    ]
    const alert = page.locator('#data .columns > div').first().getByRole('alert')
    for (const [content, message] of cases) {
      await choose(page, 'Instruction rows', 'bad.json', content)
      await alert.getByText(message).waitFor()
      expect(await alert.textContent()).toContain('These rows could not be read.')
    }
    await choose(page, 'Instruction rows', 'good.json', await fewRows())
    await page.getByText('16 of 18 rows can be used').waitFor()
    expect(await alert.count()).toBe(0)
    expect(errors).toEqual([])
    await page.close()
  },
  LONG,
)

test('without WebGPU the page says what to do instead', async () => {
  const plain = await launch(['--disable-features=WebGPUService', '--disable-gpu'])
  try {
    const page = await plain.newPage()
    await page.goto(site.address)
    await page.getByRole('heading', { name: 'tabtune needs WebGPU' }).waitFor()
    expect(await page.locator('main').textContent()).toMatch(/no WebGPU|no adapter/)
  } finally {
    await plain.close()
  }
})

test(
  'a model folder of one’s own, with and without what it needs',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tabtune-model-'))
    const config = JSON.parse(await readFile(new URL('config.json', bundled), 'utf8'))
    for (const name of ['model.safetensors', 'tokenizer.json', 'tokenizer_config.json'])
      await copyFile(new URL(name, bundled), join(folder, name))
    const { page } = await openPage(browser, site.address)
    try {
      await page.getByRole('button', { name: 'Choose another' }).click()
      await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, model_type: 'mamba' }))
      await page.getByLabel('A folder of yours').setInputFiles(folder)
      await page.getByRole('alert').getByText('model_type is "mamba"').waitFor()
      await page.getByText('Bundled demonstration model').waitFor()
      expect(await page.getByRole('button', { name: 'Use this model' }).count()).toBe(0)

      await writeFile(join(folder, 'config.json'), JSON.stringify(config))
      await drop(page, page.getByText('Drop a folder here'), folder)
      await page.getByRole('button', { name: 'Use this model' }).click()
      await page.locator('.model-now').getByText(basename(folder)).waitFor()
      await page.getByText('This model was not trained to score.').waitFor()
      expect(await page.getByRole('alert').count()).toBe(0)
    } finally {
      await page.close()
      await rm(folder, { recursive: true })
    }
  },
  LONG,
)

test('the browser itself lets neither the page nor its worker send anything elsewhere', async () => {
  const { page } = await openPage(browser, site.address)
  const policy = await page.locator('meta[http-equiv=Content-Security-Policy]').getAttribute('content')
  expect(policy!.split('; ').filter(part => part.includes('http'))).toEqual([
    "connect-src 'self' https://huggingface.co https://*.huggingface.co https://*.hf.co",
  ])
  const attempt = () =>
    new Promise<string>((resolve, reject) => {
      const target = globalThis as unknown as EventTarget
      target.addEventListener('securitypolicyviolation', event =>
        resolve((event as SecurityPolicyViolationEvent).blockedURI),
      )
      fetch('https://example.org/').then(
        () => reject(new Error('it was sent')),
        () => {},
      )
    })
  expect(await page.evaluate(attempt)).toMatch(/^https:\/\/example\.org/)
  expect(await page.workers()[0]!.evaluate(attempt)).toMatch(/^https:\/\/example\.org/)
  await page.close()
})

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { hashedNgrams } from '../../src/embedding/hashed-ngrams'
import { textVectors } from '../../src/embedding/vectors'
import { deita } from '../../src/selection/deita'
import { select } from '../../src/selection/selector'
import { test } from '../gpu'
import { lines } from './few-records'
import { type GradedRow, gradedRows, jsonLinesOf } from './graded-rows'
import { choose, download, fill, launch, longestTask, openPage, servePage, watchTasks } from './open-page'

const LONG = 120_000
const rows = gradedRows(300)

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

/** Opens the page with the rows selected by the scores they bring along. */
async function openSelection() {
  const opened = await openPage(browser, site.address)
  const { page } = opened
  await watchTasks(page)
  await choose(page, 'Instruction rows', 'graded.jsonl', jsonLinesOf(rows))
  await page.getByText('300 of 300 rows can be used').waitFor()
  await page.getByRole('button', { name: 'Take the file’s scores' }).click()
  await tallies(page).waitFor({ timeout: LONG })
  return opened
}

const tallies = (page: Page) => page.locator('.tallies')

async function press(page: Page, slider: string, key: string, times: number): Promise<void> {
  await page.getByRole('slider', { name: slider }).focus()
  for (let n = 0; n < times; n++) await page.keyboard.press(key)
}

const score = ({ complexity_scores: [c], quality_scores: [q] }: GradedRow) => c! * q!

test(
  'cuts, thresholds, budgets and pins are answered at once, as a fresh selection would',
  async ({ gpu }) => {
    const { page, requests, errors } = await openSelection()
    await press(page, 'Most similarity, slider', 'ArrowLeft', 60)
    await press(page, 'Budget, slider', 'ArrowRight', 50)
    await press(page, 'Least quality', 'ArrowRight', 20)
    await page.locator('#scores').getByText('Rows below 2.00 are left out.').waitFor()
    const best = [...rows.keys()].sort((a, b) => score(rows[b]!) - score(rows[a]!))
    const low = rows.findIndex(({ quality_scores: [q] }) => q! < 2)
    await page.getByLabel('Search').fill(rows[low]!.instruction)
    await page.getByRole('button', { name: `Keep row ${low}`, exact: true }).click()
    await page.getByText('because you pinned it').first().waitFor()
    await page.getByLabel('Search').fill('')
    await page.getByRole('button', { name: `Drop row ${best[0]}`, exact: true }).click()
    await page.getByRole('button', { name: 'Clear 2 pins' }).waitFor()
    await page.locator('.chip.excluded').first().waitFor({ state: 'detached' })

    // While the first is answered the second comes.
    await page.getByRole('slider', { name: 'Most similarity, slider' }).evaluate(slider => {
      for (const value of ['0.6', '0.8']) {
        Object.assign(slider, { value })
        slider.dispatchEvent(new Event('input', { bubbles: true }))
      }
    })

    const items = rows.map((row, index) => ({
      index,
      id: String(index),
      score: score(row),
      text: `${row.instruction}\n${row.output}`,
    }))
    const cut = rows.flatMap(({ quality_scores: [q] }, index) =>
      q! < 2 && index !== low ? [[index, 'cut'] as const] : [],
    )
    const wanted = await select(
      { items, vectors: textVectors(hashedNgrams(gpu)) },
      deita({
        budget: 80,
        threshold: 0.8,
        keep: new Set([low]),
        exclude: new Map([...cut, [best[0]!, 'dropped']]),
      }),
    )
    const similar = wanted.outcomes.filter(({ decision }) => decision.kind === 'similar').length
    await tallies(page).getByText(`${similar} too similar`).waitFor()
    const records = lines(await download(page, 'selection.jsonl'))
    expect(records.map(({ decision }) => decision)).toEqual(
      wanted.outcomes.map(({ decision }) => decision.kind),
    )
    expect(records.map(({ similarTo }) => similarTo)).toEqual(
      wanted.outcomes.map(({ decision }) => {
        if (decision.kind === 'similar') return decision.to
        return decision.kind === 'duplicate' ? decision.of : null
      }),
    )
    const kinds = new Set(records.map(({ decision }) => decision))
    expect(kinds).toEqual(new Set(['kept', 'similar', 'duplicate', 'excluded', 'beyond budget']))
    expect(await tallies(page).textContent()).toContain(`${wanted.kept.length} kept`)
    expect(records[low]).toMatchObject({ decision: 'kept', rank: 1 })
    expect(records[low]!.reason).toContain('you pinned it')
    expect(records[best[0]!]!.reason).toBe('you left it out')
    expect(records[cut[0]![0]]!.reason).toBe('its quality is below your cut at 2')

    const selected = lines(await download(page, 'selected.jsonl'))
    expect(selected).toEqual(wanted.kept.map(index => rows[index]))
    const { options } = JSON.parse((await download(page, 'manifest.json')).toString())
    expect(options).toMatchObject({ budget: 80, threshold: 0.8, cuts: { quality: 2 } })
    expect(options.scores).toBe('columns "complexity_scores", "quality_scores"')
    expect(options.vectors).toMatch(/^hashed/)
    expect(options.pins).toEqual({ keep: [low], drop: [best[0]] })

    await page.getByRole('button', { name: 'Take the cut of quality away' }).click()
    await page.getByRole('button', { name: 'Clear 2 pins' }).click()
    await tallies(page).getByText('left out by you').waitFor({ state: 'detached' })
    expect(await longestTask(page)).toBeLessThan(300)
    expect(requests.filter(url => !url.replace(/^blob:/, '').startsWith(site.address))).toEqual([])
    expect(errors).toEqual([])
    await page.close()
  },
  LONG,
)

test(
  'rows, near duplicates, the map and other strategies can be looked at',
  async () => {
    const { page, errors } = await openSelection()
    const table = page.locator('.row-scroller')
    await table.locator('table[aria-rowcount="301"]').waitFor()
    await page.getByRole('button', { name: 'Row', exact: true }).click()
    await page.locator('.row-number', { hasText: /^0$/ }).waitFor()
    await table.evaluate(element => {
      element.scrollTop = element.scrollHeight
    })
    await page.locator('.row-number', { hasText: /^299$/ }).waitFor()
    expect(await table.locator('tbody').count()).toBeLessThan(60)
    await page.getByLabel('Search').fill(rows[123]!.output)
    await page.locator('.row-number', { hasText: /^123$/ }).waitFor()
    const alike = rows.filter(({ output }) => output === rows[123]!.output).length
    expect(await page.locator('.table-count').textContent()).toBe(`${alike} row${alike === 1 ? '' : 's'}`)

    await page.getByRole('tab', { name: 'Near duplicates' }).click()
    const near = page.locator('.near')
    const cosine = async () => Number((await near.locator('b').first().textContent())!)
    await near.getByText('Pair 1 of').waitFor()
    await near.locator('.text-card').nth(1).waitFor()
    const nearest = await cosine()
    expect(nearest).toBeGreaterThan(0.9)
    await page.getByRole('button', { name: 'Next pair' }).focus()
    await page.keyboard.press('ArrowRight')
    await near.getByText('Pair 2 of').waitFor()
    expect(await cosine()).toBeGreaterThanOrEqual(nearest)
    expect(await near.locator('mark').count()).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Just below it' }).click()
    await near.getByText('below it: both can be kept').waitFor()
    expect(await cosine()).toBeLessThanOrEqual(0.9)

    await page.getByRole('tab', { name: 'Map' }).click()
    await page.locator('.map-canvas').waitFor({ timeout: LONG })
    await page.getByText('The map in words').click()
    const parts = await page.locator('.map tbody td:nth-child(2)').allTextContents()
    expect(parts.reduce((sum, part) => sum + Number(part), 0)).toBe(300)
    await page.getByRole('application').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    const opened = page.locator('.map-row')
    await opened.locator('.text-card').waitFor()
    expect(await page.locator('.map-pointed b').textContent()).toBe(
      await opened.getByRole('heading').first().textContent(),
    )
    await page.getByLabel('Colour').selectOption('by “source”')
    expect(await page.locator('.map-legend').textContent()).toMatch(/chat.*forum.*kept|chat.*manual.*kept/)

    await page.getByRole('tab', { name: 'Compare' }).click()
    await page.getByLabel('Facility location').check()
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    const compared = page.locator('.comparison')
    await compared.waitFor({ timeout: LONG })
    const names = await compared.getByRole('rowheader').allTextContents()
    expect(names).toEqual([
      'Yours',
      'Random',
      'Longest',
      'Top score',
      'k-center',
      'Facility location',
      'All rows',
    ])
    expect(await compared.locator('tbody tr td:nth-child(2)').allTextContents()).toEqual([
      ...Array(6).fill('30'),
      '300',
    ])
    await page.locator('.compare .notice').getByText('do not beat random').waitFor()
    expect(await page.locator('.mix').count()).toBe(7)
    expect(await longestTask(page)).toBeLessThan(300)
    expect(errors).toEqual([])
    await page.close()
  },
  LONG,
)

test(
  'a file is read as one says, and its chosen rows are saved in another format',
  async () => {
    const { page, errors } = await openPage(browser, site.address)
    const few = rows.slice(0, 30)
    const table = [
      'instruction,output,complexity_scores,quality_scores',
      ...few.map(({ instruction, output, complexity_scores: [c], quality_scores: [q] }) =>
        [instruction, output, c, q].join(','),
      ),
    ]
    await choose(page, 'Instruction rows', 'rows.txt', new TextEncoder().encode(table.join('\n')))
    await page.getByText('30 of 30 rows can be used').waitFor()
    await page.getByText(/rows\.txt .* CSV · Alpaca/).waitFor()
    await page.getByText('Read it as something else').click()
    await page.getByLabel('File of the rows').selectOption('JSON')
    await page.getByText('These rows could not be read.').waitFor()
    await page.getByLabel('File of the rows').selectOption('as its content says')
    await page.getByText('30 of 30 rows can be used').waitFor()

    await page.getByRole('button', { name: 'Take the file’s scores' }).click()
    await tallies(page).getByText('3 kept').waitFor({ timeout: LONG })
    await fill(page, { Budget: '0' })
    await tallies(page).getByText('0 kept').waitFor()
    await page.locator('.files').getByText('selection.jsonl').waitFor()
    expect(await page.locator('.files').getByText('selected.csv').count()).toBe(0)
    await fill(page, { Budget: '2' })
    const [head, ...own] = (await download(page, 'selected.csv')).toString().trim().split('\n')
    expect(head).toBe(table[0])
    expect(own).toHaveLength(2)
    for (const line of own) expect(table).toContain(line)

    await page.getByText('Save the chosen rows in another format').click()
    await page.locator('.export').getByLabel('File').selectOption('JSON')
    await page.locator('.export').getByLabel('Format').selectOption('OpenAI messages')
    const saved = JSON.parse((await download(page, 'Save')).toString()) as { messages: unknown }[]
    expect(saved.map(({ messages }) => messages)).toEqual(
      own.map(line => {
        const [instruction, output] = line.split(',')
        return [
          { role: 'user', content: instruction },
          { role: 'assistant', content: output },
        ]
      }),
    )
    expect(errors).toEqual([])
    await page.close()
  },
  LONG,
)

import type { Page } from 'playwright-core'
import { fill } from './open-page'

/** A training of few and small steps. */
export const quick = {
  'Most steps': '4',
  'Batch size': '1',
  'Batches a step': '1',
  Rank: '4',
  'Answers shown': '1',
  'Tokens of these': '4',
}

export async function openTraining(page: Page, options: Readonly<Record<string, string>>): Promise<void> {
  await page.locator('.groups summary', { hasText: 'Course' }).click()
  await fill(page, options)
  await page.locator('.plan').getByText(options['Most steps']!, { exact: false }).first().waitFor()
}

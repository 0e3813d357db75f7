import { expect, it } from 'vitest'
import { trainingReport } from '../../src/evaluation/training-report'
import { reportContent, trainingRecords } from '../evaluation/report-content'

const steps = trainingRecords(5)
const evil = `"><script>parent.harm()</script><img src=x onerror=parent.harm()> ' &lt;b&gt; </style></title><!--`

/** The page in a frame of its own, as a browser shows the saved file; its requests and refusals, too. */
async function shown(html: string): Promise<{ readonly page: Document; remove(): void }> {
  const frame = document.createElement('iframe')
  frame.srcdoc = html
  const loaded = new Promise(resolve => frame.addEventListener('load', resolve))
  document.body.append(frame)
  await loaded
  return { page: frame.contentDocument!, remove: () => frame.remove() }
}

const skeleton = (page: Document) =>
  [...page.querySelectorAll('*')].map(({ tagName, attributes }) => [
    tagName,
    [...attributes].map(({ name }) => name).sort(),
  ])

it('has the same elements and attributes whatever the texts say', async () => {
  let harmed = 0
  Object.assign(window, { harm: () => harmed++ })
  const [kind, mean] = [
    await shown(trainingReport(reportContent(name => `the ${name}`, steps))),
    await shown(trainingReport(reportContent(name => `the ${name} ${evil}`, steps))),
  ]
  expect(skeleton(mean.page)).toEqual(skeleton(kind.page))
  expect(mean.page.title).toBe(`the title ${evil}`)
  const texts = [...mean.page.querySelectorAll('.text')].map(({ textContent }) => textContent)
  expect(texts).toContain(`the answer after ${evil}`)
  expect(texts).toContain(`the prompt second ${evil}`)
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(harmed).toBe(0)
  kind.remove()
  mean.remove()
})

it('keeps its style under its own policy, and the policy stops everything else', async () => {
  const refused: string[] = []
  const { page, remove } = await shown(trainingReport(reportContent(name => `the ${name}`, steps)))
  expect(getComputedStyle(page.querySelector('main')!).maxWidth).toBe('1152px')
  page.addEventListener('securitypolicyviolation', event => refused.push(event.effectiveDirective))
  const script = page.createElement('script')
  script.textContent = 'parent.harm()'
  const image = page.createElement('img')
  image.src = '/favicon.ico'
  page.body.append(script, image)
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(refused.sort()).toEqual(['img-src', 'script-src-elem'])
  remove()
})

it.each([390, 1280])('fits a page of %i pixels', async width => {
  const { page, remove } = await shown(trainingReport(reportContent(name => `the ${name}`, steps)))
  page.defaultView!.frameElement!.setAttribute('style', `width: ${width}px; height: 800px; border: 0`)
  expect(page.documentElement.scrollWidth).toBeLessThanOrEqual(width)
  const columns = getComputedStyle(page.querySelector('.cards')!).gridTemplateColumns.split(' ').length
  expect(columns).toBe(width < 500 ? 1 : 3)
  remove()
})

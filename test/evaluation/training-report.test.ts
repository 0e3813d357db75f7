import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareRuns } from '../../src/evaluation/compare-runs'
import { trainingReport } from '../../src/evaluation/training-report'
import { reportContent, trainingRecords } from './report-content'

const plain = (name: string) => `the ${name}`
const date = new Date(0)
/** Every beginning of a tag, a comment or a declaration, in order. */
const tags = (html: string) => html.match(/<[/!?a-z][^\s>]*/gi)
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

const hostile = fc.oneof(
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.constantFrom(
          ...[
            '<script>alert(1)</script>',
            '"><img src=x onerror=alert(1)>',
            "' onload='x",
            '</style>',
            '<!--',
            '-->',
          ],
          ...[
            '</title>',
            '<svg/onload=x>',
            '&lt;b&gt;',
            '&',
            '<',
            '>',
            '"',
            "'",
            '\n',
            '\u0000',
            '\u2028',
            '<?x',
            ']]>',
          ],
          ...['</main></body></html>', '<base href=//x>', '{{x}}', '\ud800', 'javascript:x'],
        ),
        { minLength: 1, maxLength: 5 },
      )
      .map(parts => parts.join('')),
  },
)

describe('trainingReport', () => {
  it('has no accuracy of the first step where the model is compared with itself', () => {
    const own = { 'rewards/chosen': 0, 'rewards/rejected': 0, 'rewards/margins': 0, 'rewards/accuracies': 0 }
    const [first, ...others] = trainingRecords(9)
    const tile = (...steps: ReturnType<typeof trainingRecords>) =>
      /Reward accuracy<\/dt><dd>([^<]+)→/.exec(trainingReport(reportContent(plain, steps)))?.[1]
    expect(tile({ ...first!, ...own }, ...others)).toBe('– ')
    expect(tile(first!, ...others)).toMatch(/ % $|\u00a0% $/)
  })

  it('counts examples that are held out apart from those that are trained on', () => {
    const words = (html: string) => html.replaceAll(/<[^>]+>/g, '')
    const { data, ...content } = reportContent(plain)
    const told = words(trainingReport({ ...content, data: data! }))
    expect(told).toContain('Trained on119 examples1 held out, 3 left out')
    expect(told).toContain('119 of 123 examples trained on, 1 held out, 3 left out')
    const { heldOut, ...all } = data!
    expect(heldOut).toBe(1)
    expect(words(trainingReport({ ...content, data: all }))).toContain(
      '120 of 123 examples trained on, 3 left out',
    )
  })

  it('has every part', () => {
    const html = trainingReport(reportContent(plain))
    const headings = [...html.matchAll(/<h2>([^<]*)/g)].map(match => match[1])
    expect(headings).toEqual(['Training', 'Before and after', 'Win rate', 'Answers', 'Data', 'Options'])
    for (const text of [
      ...[
        'the title',
        '2026-01-02 03:04 UTC',
        'the model',
        'the adapter',
        'the recipe',
        'the device',
        '13 min',
      ],
      ...[
        '50, ended early'.slice(4),
        '65\u00a0%',
        '36\u00a0%',
        'the scorer',
        'the answer before',
        'cut off',
        'the reason',
      ],
      ...[
        'the file',
        '119 of 123 examples',
        'the cause: 2',
        'the shown chosen&lt;|im_end|>',
        'the value',
        '62.5\u00a0%',
      ],
    ])
      expect(html, text).toContain(text)
    expect(html).toContain('<dd>the layer, v_proj</dd>')
    expect(html).toContain('<dt>unset</dt><dd>none</dd>')
    // "the answer before" is three words, "the answer after" as many: only the one that both have counts.
    expect(html).toContain('3 → 3 tokens')
  })

  it('shows losses as they are typed, labels of metrics, and no folders of its author', () => {
    const { data, ...content } = reportContent(plain)
    const metrics = { 'logits/chosen': 1e35 / 7, kl: 0.25 }
    const run = { name: 'before', metrics }
    const html = trainingReport({
      ...content,
      model: '/home/ann/models/SmolLM2',
      adapter: 'C:\\Users\\ann\\run\\adapter',
      options: {
        loss: [
          { name: 'dpo', weight: 1 },
          { name: 'sft', weight: 0.2 },
        ],
        learningRate: 4e-7,
      },
      data: { ...data!, name: '/home/ann/pairs.jsonl' },
      comparison: compareRuns(run, { ...run, name: 'after' }),
    })
    expect(html).toContain('<dt>loss</dt><dd>dpo, sft:0.2</dd>')
    expect(html).toContain('<dd>4e-7</dd>')
    for (const text of ['<dd>models/SmolLM2</dd>', '<dd>run/adapter</dd>', '<b>pairs.jsonl</b>'])
      expect(html).toContain(text)
    expect(html).not.toContain('ann')
    for (const text of [
      'Mean logit of chosen answers',
      'KL divergence from the reference',
      '<td>1.43e34</td>',
    ])
      expect(html).toContain(text)
    expect(trainingReport({ ...content, model: 'owner/model@main' })).toContain('<dd>owner/model@main</dd>')
    expect(trainingReport({ ...content, model: 'https://a.org/b/c/' })).toContain('https://a.org/b/c/')
  })

  it('draws what the records hold, with the numbers behind each chart', () => {
    const html = trainingReport(reportContent(plain))
    const titles = [...html.matchAll(/class="chart-title">([^<]*)/g)].map(match => match[1])
    expect(titles).toEqual([
      ...[
        'Loss',
        'Reward margin',
        'Reward accuracy',
        'Rewards',
        'Log-probability of answers',
        'Length of answers',
      ],
      ...[
        'Token accuracy',
        'Entropy',
        'Gradient norm',
        'Learning rate',
        'Tokens per second',
        'the own metric',
      ],
    ])
    expect(html.match(/<svg[^>]*role="img"[^>]*aria-label="[^"]+"/g)).toHaveLength(titles.length)
    expect(html.match(/<details>/g)).toHaveLength(titles.length)
    expect(html).toContain('25 of 50 steps')
    expect(html).not.toContain('no number')
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/)
  })

  it('does with as little as there is', () => {
    const html = trainingReport({ model: 'm', date, steps: [] })
    expect(html).not.toContain('<h2>')
    expect(html).toContain('<title>Training report</title>')
    const one = trainingReport({
      model: 'm',
      date,
      steps: [{ loss: 2 }, { loss: Number.NaN }, { loss: 1 }, { note: 'x' }],
    })
    expect(one).toContain('Loss, first and last step')
    expect(one).not.toContain('NaN')
  })

  it('stays small and keeps spikes in a long training', () => {
    const steps = trainingRecords(5000).map((record, i) =>
      i === 1234 ? { ...record, grad_norm: 99 } : record,
    )
    const html = trainingReport({ model: 'm', date, steps })
    expect(html.length).toBeLessThan(250_000)
    // The axis of the chart begins at 0 and ends at a round number above the spike, which the line touches.
    const chart = html.slice(html.indexOf('Gradient norm'))
    const ys = [...chart.slice(0, chart.indexOf('</svg>')).matchAll(/[ML][\d.]+,([\d.]+)/g)].map(match =>
      Number(match[1]),
    )
    expect(Math.min(...ys)).toBeLessThan(15)
  })

  it('loads nothing and runs nothing', () => {
    const html = trainingReport(reportContent(plain))
    expect(html).toMatch(/content="default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form/)
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|form|a|use|image)\b/i)
    expect(html).not.toMatch(/\s(on\w+|src|href|style)=/i)
    expect(html).not.toMatch(/url\(|@import/)
  })

  it('shows texts as they are and lets none become a part of the page', () => {
    const wanted = tags(trainingReport(reportContent(plain)))
    const steps = trainingRecords(3)
    const few = tags(trainingReport(reportContent(plain, steps)))
    expect(few!.length).toBeGreaterThan(200)
    expect(wanted!.length).toBeGreaterThan(few!.length)
    fc.assert(
      fc.property(hostile, text => {
        const html = trainingReport(reportContent(name => `${name}${text}`, steps))
        expect(tags(html)).toEqual(few)
        for (const name of ['title', 'prompt first', 'answer after', 'value', 'shown chosen', 'cause'])
          expect(html).toContain(escaped(`${name}${text}`))
      }),
      { numRuns: 50 },
    )
  })
})

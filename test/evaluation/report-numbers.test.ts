import { expect, it } from 'vitest'
import { chartsOf, tableSteps, thinned } from '../../src/evaluation/report-charts'
import { change, counted, duration, percent, short } from '../../src/evaluation/report-numbers'
import { noise } from '../numbers'

it('writes numbers so that they can be read', () => {
  const written = [
    0,
    12,
    1234567,
    0.7834,
    -0.5,
    61.5,
    1371.4,
    2.5e-8,
    -1e-5,
    3.2e9,
    Number.NaN,
    null,
    undefined,
  ]
  expect(written.map(short)).toEqual([
    ...['0', '12', '1.23e6', '0.783', '−0.500', '61.5', '1,371', '2.5e−8', '−1e−5', '3.2e9', '–', '–', '–'],
  ])
  expect([change(0.25), change(-2), change(null)]).toEqual(['+0.250', '−2', '–'])
  expect([percent(0.625), percent(-0.1), percent(1)]).toEqual(['62.5\u00a0%', '−10\u00a0%', '100\u00a0%'])
  expect([counted(1, 'step'), counted(2000, 'step')]).toEqual(['1 step', '2,000 steps'])
  expect([duration(89), duration(754), duration(7300)]).toEqual(['89 s', '13 min', '2.0 h'])
})

it('takes records as they come', () => {
  const charts = chartsOf([
    { step: 3, loss: 3, note: 'x' },
    { step: 1, loss: 1, eval_loss: 2, grad_norm: Number.POSITIVE_INFINITY },
    { loss: 'none', own: 7 },
  ])
  expect(charts.map(({ title, series }) => [title, series.map(({ label }) => label)])).toEqual([
    ['Loss', ['training', 'held out']],
    ['own', ['own']],
  ])
  const [loss, own] = charts
  expect(loss!.series[0]!.points).toEqual([
    { step: 1, value: 1 },
    { step: 3, value: 3 },
  ])
  expect(own!.series[0]!.points).toEqual([{ step: 3, value: 7 }])
  expect(chartsOf([])).toEqual([])
})

it('thins a line without losing its extremes', () => {
  const points = [...noise(5000, 3)].map((value, i) => ({ step: i + 1, value: i === 777 ? 50 : value }))
  const kept = thinned(points)
  expect(kept.length).toBeLessThanOrEqual(400)
  expect(kept).toContainEqual({ step: 778, value: 50 })
  expect([kept[0]!.step, kept.at(-1)!.step]).toEqual([1, 5000])
  const steps = kept.map(({ step }) => step)
  expect(steps).toEqual(steps.toSorted((a, b) => a - b))
  expect(thinned(points.slice(0, 400))).toHaveLength(400)
})

it('chooses steps for a table, the first and the last among them', () => {
  const chart = (n: number) => chartsOf(Array.from({ length: n }, () => ({ loss: 1 })))[0]!
  expect(tableSteps(chart(3))).toEqual([1, 2, 3])
  const some = tableSteps(chart(1000))
  expect([some.length, some[0], some.at(-1), new Set(some).size]).toEqual([25, 1, 1000, 25])
})

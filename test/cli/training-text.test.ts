import { expect, it } from 'vitest'
import { metricsText } from '../../src/cli/training-text'

it('writes large and small numbers short', () => {
  const metrics = { perplexity: 1.4212848632495713e34, questions: 1234567, rate: 1.23456e-7, none: null }
  const written = metricsText({ name: 'model', metrics }).split('\n')
  expect(written.slice(1, -1).map(line => line.split(/ +/))).toEqual([
    ['perplexity', '1.421e+34'],
    ['questions', '1234567'],
    ['rate', '1.23e-7'],
    ['none', '-'],
  ])
})

import { expect, it } from 'vitest'
import { parseBudget } from '../../src/job/budget-text'

it.each([
  ['0', 0],
  ['6000', 6000],
  [' 12 ', 12],
  ['10%', { fraction: 0.1 }],
  ['2.5 %', { fraction: 0.025 }],
  ['100%', { fraction: 1 }],
  ['50000tokens', { tokens: 50000 }],
  ['7 tokens', { tokens: 7 }],
  ['all', Infinity],
])('reads %j as a budget', (text, budget) => {
  expect(parseBudget(text)).toEqual(budget)
})

it.each([
  '',
  '-1',
  '2.5',
  '101%',
  '-5%',
  '1e3',
  '1.5tokens',
  'tokens',
  'many',
  '%',
  '0x10',
  '99999999999999999999',
])('takes %j for none', text => {
  expect(parseBudget(text)).toBe(undefined)
})

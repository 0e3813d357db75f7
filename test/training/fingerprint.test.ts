import { expect, test } from 'vitest'
import { CheckpointError } from '../../src/training/errors'
import { checkFingerprint, logProbsPart } from '../../src/training/fingerprint'

const digest = (digit: string) => digit.repeat(64)

test('equal fingerprints pass, in any order', () => {
  checkFingerprint({}, {}, 'a')
  checkFingerprint({ a: '1', b: '2' }, { b: '2', a: '1' }, 'a')
})

test('names everything that differs, and shows what is short', () => {
  const before = { data: digest('a'), learningRate: '0.001', seed: '0', toString: 'x' }
  const now = { data: digest('b'), learningRate: '0.0001', seed: '0', epochs: '2' }
  expect(() => checkFingerprint(before, now, 'checkpoint-000001.safetensors')).toThrow(
    new CheckpointError(
      'checkpoint-000001.safetensors belongs to another run: data differs; epochs was not given and is 2; learningRate was 0.001 and is 0.0001; toString was x and is not given. Resume with what it was begun with, or name another store',
    ),
  )
})

test('log-probs may be rounded otherwise, and no more', () => {
  const probe = (...values: number[]) => ({ model: logProbsPart(Float32Array.from(values)) })
  expect(probe(-1, -0.1).model).toBe('log-probs -1 -0.10000000149011612')
  for (const same of [probe(-1, -20), probe(-1.001, -20.02), probe(-0.999, -19.98)])
    checkFingerprint(probe(-1, -20), same, 'a')
  const others = [probe(-1.003, -20), probe(-1, -20.03), probe(-1), probe(-1, -20, -3), probe(-1, Number.NaN)]
  for (const other of [...others, { model: digest('a') }, {}])
    expect(() => checkFingerprint(probe(-1, -20), other, 'a'), JSON.stringify(other)).toThrow(
      /model (was|differs)/,
    )
})

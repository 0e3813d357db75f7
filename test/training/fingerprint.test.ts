import { expect, test } from 'vitest'
import { CheckpointError } from '../../src/training/errors'
import { checkFingerprint } from '../../src/training/fingerprint'

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

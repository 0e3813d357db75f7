import { writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readPieces } from '../../src/io/folder-files'
import { temporaryFolder } from './command'

it('reads a file of any size in pieces that Node takes', async () => {
  const path = join(temporaryFolder(), 'weights')
  const content = Uint8Array.from({ length: 100 }, (_, i) => i)
  writeFileSync(path, content)
  await using file = await open(path)
  const lengths: unknown[] = []
  const read = (...how: unknown[]) => {
    lengths.push(how[2])
    return Reflect.apply(file.read, file, how)
  }
  expect(await readPieces({ read }, path, 3, 90, 40)).toEqual(content.subarray(3, 90))
  expect(lengths).toEqual([40, 40, 7])
})

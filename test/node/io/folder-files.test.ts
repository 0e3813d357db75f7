import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesFromFolder } from '../../../src/io/folder-files'
import { ModelFilesError } from '../../../src/io/model-files'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-files-'))
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'sub', 'a.bin'), Uint8Array.of(1, 2, 3, 4))
  await writeFile(join(folder, 'config.json'), '{"ä":1}')
})
afterAll(() => rm(folder, { recursive: true }))

test('a folder gives its files', async () => {
  const files = filesFromFolder(`${folder}/`)
  expect(files.name).toBe(basename(folder))
  expect(await files.text('config.json')).toBe('{"ä":1}')
  const source = await files.open('sub/a.bin')
  expect(source.size).toBe(4)
  expect(await source.read(1, 3)).toEqual(Uint8Array.of(2, 3))
  await expect(source.read(0, 5)).rejects.toThrow(/bytes 0 to 5 .* has 4 bytes/)
})

test('missing files, folders and ways out are told apart', async () => {
  const files = filesFromFolder(folder)
  for (const path of ['none', 'sub', 'config.json/a']) expect(await files.has(path)).toBe(false)
  await expect(files.open('none')).rejects.toThrow(`${files.name}: there is no file 'none'`)
  await expect(files.has(`../${files.name}/config.json`)).rejects.toThrow(ModelFilesError)
  expect(await filesFromFolder(join(folder, 'none')).has('config.json')).toBe(false)
})

test('a file that becomes shorter is an error', async () => {
  const path = join(folder, 'shrinks')
  await writeFile(path, 'abcd')
  const source = await filesFromFolder(folder).open('shrinks')
  await writeFile(path, 'ab')
  await expect(source.read(0, 4)).rejects.toThrow(/became shorter/)
  await rm(path)
  await expect(source.read(0, 4)).rejects.toThrow(/cannot be opened/)
})

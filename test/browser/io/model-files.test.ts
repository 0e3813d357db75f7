import { describe, expect, test } from 'vitest'
import { filesFromDirectory, filesFromUrl, ModelFilesError } from '../../../src/io/model-files'
import { defaultStore, openModelFiles } from '../../../src/io/open-model-files'
import official from '../../fixtures/safetensors.json'

describe('a directory handle', () => {
  test('gives its files and those of its folders', async () => {
    const root = await navigator.storage.getDirectory()
    const folder = await root.getDirectoryHandle('model-files-test', { create: true })
    const sub = await folder.getDirectoryHandle('sub', { create: true })
    const writer = await (await sub.getFileHandle('a.json', { create: true })).createWritable()
    await writer.write('{"a":1}')
    await writer.close()
    try {
      const files = filesFromDirectory(folder)
      expect(files.name).toBe('model-files-test')
      expect(await files.text('sub/a.json')).toBe('{"a":1}')
      expect(Array.from(await (await files.open('sub/a.json')).read(1, 3))).toEqual([0x22, 0x61])
      for (const path of ['b.json', 'sub', 'none/a.json', 'sub/a.json/b'])
        expect(await files.has(path)).toBe(false)
      await expect(files.open('b.json')).rejects.toThrow("model-files-test: there is no file 'b.json'")
      await expect(files.open('../b.json')).rejects.toThrow(ModelFilesError)
    } finally {
      await root.removeEntry('model-files-test', { recursive: true })
    }
  })
})

// test/node has servers of its own; here it is the one that serves this very page.
describe('the server of the page', () => {
  test('gives a file, whole or by ranges, at an address relative to the page', async () => {
    const files = filesFromUrl('/test/fixtures/')
    expect(files.name).toBe(`${location.origin}/test/fixtures`)
    expect(await files.has('safetensors.json')).toBe(true)
    expect(JSON.parse(await files.text('safetensors.json'))).toEqual(official)
    const source = await files.open('safetensors.json')
    expect(new TextDecoder().decode(await source.read(0, 8))).toBe('{"file":')
    expect(source.size).toBe((await files.text('safetensors.json')).length)
  })

  test('does not pass its page off as a file', async () => {
    const files = filesFromUrl('/test/fixtures/')
    expect(await files.has('model.safetensors')).toBe(false)
    await expect(files.text('config.json')).rejects.toThrow(/config\.json: the server answered/)
  })
})

describe('a source of any kind', () => {
  test('is told by what it is: an address relative to the page, a directory, files, or an id', async () => {
    expect(await (await openModelFiles('/test/fixtures/')).has('safetensors.json')).toBe(true)
    expect(await (await openModelFiles('./test/fixtures')).has('none.json')).toBe(false)
    const root = await navigator.storage.getDirectory()
    expect(await (await openModelFiles(root)).has('config.json')).toBe(false)
    const transfer = new DataTransfer()
    transfer.items.add(new File(['"listed"'], 'config.json'))
    expect(await (await openModelFiles(transfer.files)).text('config.json')).toBe('"listed"')
    const id = await openModelFiles('owner/model', { offline: true })
    expect(id.name).toBe('owner/model')
    await expect(id.has('config.json')).rejects.toThrow(
      /not in the cache \(the browser's storage for this page\)/,
    )
    expect(defaultStore()!.name).toBe("the browser's storage for this page")
    await expect(openModelFiles('/models/', { token: 'hf_secret' })).rejects.toThrow(/goes nowhere else/)
  })
})

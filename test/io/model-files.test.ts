import { describe, expect, test } from 'vitest'
import { filesFromHub, filesFromList, filesFromUrl, ModelFilesError } from '../../src/io/model-files'

const blobs = (...paths: string[]) => new Map(paths.map(path => [path, new Blob([`in ${path}`])]))

/** A file as `<input webkitdirectory>` gives it. */
function picked(path: string): File {
  const file = new File([`in ${path}`], path.slice(path.lastIndexOf('/') + 1))
  Object.defineProperty(file, 'webkitRelativePath', { value: path.includes('/') ? path : '' })
  return file
}

describe('a list of files', () => {
  test('loses the folder that all have in common', async () => {
    const files = filesFromList(blobs('tiny/config.json', 'tiny/sub/a.bin'))
    expect(files.name).toBe('tiny')
    expect(await files.has('config.json')).toBe(true)
    expect(await files.has('tiny/config.json')).toBe(false)
    expect(await files.has('sub')).toBe(false)
    expect(await files.text('sub/a.bin')).toBe('in tiny/sub/a.bin')
  })

  test('loses nested folders, but never a file name', async () => {
    const files = filesFromList([picked('models/tiny/config.json')])
    expect(files.name).toBe('tiny')
    expect(await files.text('config.json')).toBe('in models/tiny/config.json')
  })

  test('keeps paths that have nothing in common, and takes a name', async () => {
    const files = filesFromList([picked('a.json'), picked('sub/a.json')], 'mine')
    expect(files.name).toBe('mine')
    expect(await files.text('a.json')).toBe('in a.json')
    expect(await files.text('sub/a.json')).toBe('in sub/a.json')
  })

  test('may be empty', async () => {
    expect(await filesFromList([]).has('a')).toBe(false)
    await expect(filesFromList([], 'mine').open('a')).rejects.toThrow("mine: there is no file 'a'")
  })

  test('must not hold one path twice', () => {
    expect(() => filesFromList([picked('a.json'), picked('a.json')])).toThrow(
      "two of the files are called 'a.json'",
    )
  })

  test('reads ranges as fresh bytes and refuses those outside the file', async () => {
    const source = await filesFromList(new Map([['a', new Blob([Uint8Array.of(0, 1, 2, 3)])]])).open('a')
    expect(source.size).toBe(4)
    const bytes = await source.read(1, 3)
    expect(Array.from(bytes)).toEqual([1, 2])
    expect(bytes.buffer.byteLength).toBe(2)
    expect(Array.from(await source.read(4, 4))).toEqual([])
    for (const [begin, end] of [
      [0, 5],
      [-1, 2],
      [3, 2],
      [0.5, 2],
      [Number.NaN, 2],
    ] as const)
      await expect(source.read(begin, end)).rejects.toThrow(
        /a: bytes .* were asked for, but the file has 4 bytes/,
      )
  })

  test('gives text without a byte order mark and refuses what is not UTF-8', async () => {
    const files = filesFromList(
      new Map([
        ['bom', new Blob([Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)])],
        ['bad', new Blob([Uint8Array.of(0x61, 0xff)])],
      ]),
    )
    expect(await files.text('bom')).toBe('a')
    await expect(files.text('bad')).rejects.toThrow(/bad: the file is not valid UTF-8/)
  })

  test.each(['../a', 'a/../b', '/a', 'a//b', '', '.', 'a\\b', 'a\nb'])('refuses the path %j', async path => {
    await expect(filesFromList(blobs('a')).has(path)).rejects.toThrow(ModelFilesError)
  })
})

/** A fetch that notes what it is asked and answers 404. */
function recorder() {
  const asked: { url: string; authorization: string | null }[] = []
  const fetch: typeof globalThis.fetch = async (url, init) => {
    asked.push({ url: String(url), authorization: new Headers(init?.headers).get('authorization') })
    return new Response(null, { status: 404 })
  }
  return { asked, fetch }
}

describe('addresses', () => {
  test('of the Hub', async () => {
    const { asked, fetch } = recorder()
    const files = filesFromHub('owner/My_model-1.5', { fetch, revision: 'refs/pr/1', token: 'hf_x' })
    expect(files.name).toBe('owner/My_model-1.5')
    expect(await files.has('sub dir/a#b?%2F.json')).toBe(false)
    expect(asked).toEqual([
      {
        url: 'https://huggingface.co/owner/My_model-1.5/resolve/refs%2Fpr%2F1/sub%20dir/a%23b%3F%252F.json',
        authorization: 'Bearer hf_x',
      },
    ])
  })

  test.each([
    '',
    '..',
    'a/..',
    '../b',
    'a/b/c',
    'a b/c',
    'https://x/y',
    'a/b?x',
    'a/.b',
    '-a/b',
    'a--b/c',
    'a/b/',
    'a'.repeat(97),
  ])('the id %j is refused', id => {
    expect(() => filesFromHub(id)).toThrow(`'${id}' is not the id of a model`)
  })

  test.each(['', '..', 'a/../b', 'a b', 'a?b', 'a\\b'])('the revision %j is refused', revision => {
    expect(() => filesFromHub('owner/model', { revision })).toThrow(`'${revision}' is not a branch`)
  })

  test('a base keeps its query and needs no slash at its end', async () => {
    const { asked, fetch } = recorder()
    await filesFromUrl('https://example.test/m?key=secret#part', { fetch }).has('a.json')
    expect(asked[0]!.url).toBe('https://example.test/m/a.json?key=secret')
    const error = await filesFromUrl('https://example.test/m?key=secret', { fetch })
      .open('a.json')
      .catch(String)
    expect(error).toMatch('https://example.test/m/a.json: the server answered 404')
    expect(error).not.toMatch('secret')
  })

  test.each([
    ['ftp://example.test/m', {}, "'ftp:' is not a scheme"],
    ['https://', {}, 'is not a URL'],
    ['https://me:pass@example.test/m', {}, 'user name or password'],
    ['http://example.test/m', { token: 'x' }, 'unencrypted'],
  ])('%s is refused', (base, options, message) => {
    expect(() => filesFromUrl(base, options)).toThrow(message)
  })

  test('a path cannot leave the base', async () => {
    const { asked, fetch } = recorder()
    await expect(filesFromUrl('https://example.test/m', { fetch }).text('../other')).rejects.toThrow(
      ModelFilesError,
    )
    expect(asked).toEqual([])
  })
})

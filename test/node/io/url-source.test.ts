import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { filesFromHub, filesFromUrl, ModelFilesError } from '../../../src/io/model-files'
import type { DownloadProgress } from '../../../src/io/url-source'

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

interface Asked {
  url: string
  range: string | undefined
  authorization: string | undefined
}

/** A server on this machine; each has a port, and so an origin, of its own. */
async function serve(answer: RequestListener) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    asked.push({
      url: request.url!,
      range: request.headers.range,
      authorization: request.headers.authorization,
    })
    answer(request, response)
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const content = Uint8Array.from({ length: 300 }, (_, i) => i % 251)

/** Answers a range of `body` as RFC 9110 says. */
const ranges =
  (body: Uint8Array): RequestListener =>
  (request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    if (first === undefined) return void response.end(body)
    if (Number(first) >= body.length)
      return void response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end()
    const part = body.subarray(Number(first), Number(last) + 1)
    const until = Number(first) + part.length - 1
    response.writeHead(206, {
      'content-range': `bytes ${first}-${until}/${body.length}`,
      'content-length': part.length,
    })
    response.end(part)
  }

test('ranges are used where the server honours them', async () => {
  const { base, asked } = await serve(ranges(content))
  const progress: DownloadProgress[] = []
  const files = filesFromUrl(base, { onProgress: at => progress.push(at) })
  expect(await files.has('w.bin')).toBe(true)
  const source = await files.open('w.bin')
  expect(source.size).toBe(300)
  expect(Array.from(await source.read(10, 13))).toEqual([10, 11, 12])
  // Neighbours came along with it, in one request; what lies before has to be asked for.
  const [near, far] = await Promise.all([source.read(20, 300), source.read(13, 13)])
  near.fill(0)
  expect(Array.from(await source.read(20, 23))).toEqual([20, 21, 22])
  expect(far.length).toBe(0)
  expect(Array.from(await source.read(0, 2))).toEqual([0, 1])
  expect(asked.map(({ range }) => range)).toEqual(['bytes=0-0', 'bytes=0-0', 'bytes=10-299', 'bytes=0-299'])
  expect(progress.at(-1)).toEqual({ path: 'w.bin', loaded: 590, total: 300 })
  await expect(source.read(0, 301)).rejects.toThrow(/bytes 0 to 301 .* has 300/)
})

test('a read larger than the read-ahead is one request of its own', async () => {
  const body = new Uint8Array(9 * 2 ** 20).fill(7)
  const { base, asked } = await serve(ranges(body))
  const source = await filesFromUrl(base).open('w.bin')
  expect((await source.read(1, body.length)).length).toBe(body.length - 1)
  expect(asked[1]!.range).toBe(`bytes=1-${body.length - 1}`)
})

test('the body is fetched once where ranges are ignored', async () => {
  const { base, asked } = await serve((_, response) => response.end(content))
  const progress: DownloadProgress[] = []
  const source = await filesFromUrl(base, { onProgress: at => progress.push(at) }).open('w.bin')
  expect(source.size).toBe(300)
  expect(Array.from(await source.read(10, 13))).toEqual([10, 11, 12])
  expect(Array.from(await source.read(0, 300))).toEqual(Array.from(content))
  expect(asked.length).toBe(1)
  expect(progress.at(-1)).toEqual({ path: 'w.bin', loaded: 300, total: 300 })
})

test('a server that hides the size is asked for the whole body', async () => {
  const { base } = await serve((request, response) => {
    if (request.headers.range) response.writeHead(206).end('x')
    else response.end(content)
  })
  expect((await filesFromUrl(base).open('w.bin')).size).toBe(300)
})

test('an empty file has no bytes to range over', async () => {
  const { base } = await serve(ranges(new Uint8Array(0)))
  const files = filesFromUrl(base)
  expect(await files.has('empty')).toBe(true)
  const source = await files.open('empty')
  expect(source.size).toBe(0)
  expect((await source.read(0, 0)).length).toBe(0)
})

test('a body that breaks off is an error, whole or in ranges', async () => {
  const whole = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 300 })
    response.write(content.subarray(0, 100), () => response.destroy())
  })
  await expect(filesFromUrl(whole.base).open('w.bin')).rejects.toThrow(
    /w\.bin: (the download broke off|100 bytes arrived)/,
  )
  await expect(filesFromUrl(whole.base).text('w.txt')).rejects.toThrow(ModelFilesError)

  let broken = true
  const ranged = await serve((request, response) => {
    if (request.headers.range === 'bytes=0-0' || !broken) return ranges(content)(request, response)
    response.writeHead(206, { 'content-range': 'bytes 5-299/300' })
    response.end(content.subarray(5, 100))
  })
  const source = await filesFromUrl(ranged.base).open('w.bin')
  await expect(source.read(5, 9)).rejects.toThrow(/95 bytes arrived, 295 were announced/)
  // The failure is not remembered.
  broken = false
  expect(Array.from(await source.read(5, 9))).toEqual([5, 6, 7, 8])
})

test('more bytes than announced are an error', async () => {
  const ranged = await serve((request, response) => {
    if (request.headers.range === 'bytes=0-0') return ranges(content)(request, response)
    response.writeHead(206, { 'content-range': 'bytes 5-299/300' })
    response.end(content)
  })
  const source = await filesFromUrl(ranged.base).open('w.bin')
  await expect(source.read(5, 9)).rejects.toThrow(/more than 295 bytes arrived/)

  const body = (size: number) => new Response(content, { headers: { 'content-length': String(size) } })
  const lying = (size: number) => filesFromUrl('https://example.test', { fetch: async () => body(size) })
  await expect(lying(299).open('w.bin')).rejects.toThrow(/more than 299 bytes arrived, 299 were announced/)
  await expect(lying(301).open('w.bin')).rejects.toThrow(/300 bytes arrived, 301 were announced/)
})

test('a file that changes between two reads is an error', async () => {
  let body = content
  const { base } = await serve((request, response) => ranges(body)(request, response))
  const source = await filesFromUrl(base).open('w.bin')
  body = content.slice(0, 200)
  await expect(source.read(5, 9)).rejects.toThrow(
    /bytes 5 to 300 of 300 .*'bytes 5-199\/200'; the file may have changed/,
  )
})

test('a file that grows between two reads is an error', async () => {
  let body = content
  const { base } = await serve((request, response) => ranges(body)(request, response))
  const source = await filesFromUrl(base).open('w.bin')
  body = new Uint8Array(400)
  await expect(source.read(5, 9)).rejects.toThrow(/answered 'bytes 5-299\/400'/)
})

test('the wrong part of the file is an error', async () => {
  const { base } = await serve((request, response) => {
    if (request.headers.range === 'bytes=0-0') return ranges(content)(request, response)
    response.writeHead(206, { 'content-range': 'bytes 0-294/300' }).end(content.subarray(0, 295))
  })
  await expect((await filesFromUrl(base).open('w.bin')).read(5, 9)).rejects.toThrow(
    /answered 'bytes 0-294\/300'/,
  )
})

test('statuses: missing is false, anything else is an error that says what to do', async () => {
  const { base } = await serve((request, response) => {
    response.writeHead(Number(request.url!.slice(1))).end('no')
  })
  const files = filesFromUrl(base)
  expect(await files.has('404')).toBe(false)
  expect(await files.has('410')).toBe(false)
  await expect(files.open('404')).rejects.toThrow(/the server answered 404 Not Found; there is no such file/)
  await expect(files.text('404')).rejects.toThrow(ModelFilesError)
  await expect(files.has('401')).rejects.toThrow(/401 .*pass a token/)
  await expect(files.open('403')).rejects.toThrow(/403 .*pass a token/)
  await expect(files.has('500')).rejects.toThrow(/the server answered 500/)
})

test('a web page is not a file', async () => {
  const { base } = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html>')
  })
  const files = filesFromUrl(base)
  expect(await files.has('config.json')).toBe(false)
  await expect(files.text('config.json')).rejects.toThrow(/answered with a web page/)
  await expect(files.open('config.json')).rejects.toThrow(/answered with a web page/)
})

test('no server at all', async () => {
  const { base } = await serve((_, response) => response.end())
  await new Promise(resolve => servers.at(-1)!.close(resolve))
  await expect(filesFromUrl(base).has('a')).rejects.toThrow(/a: no answer .*ECONNREFUSED/)
})

test('a token goes to the origin of the base and is lost on the way to another', async () => {
  const other = await serve(ranges(content))
  const { base, asked } = await serve((request, response) => {
    const to = request.url!.includes('moved') ? `${other.base}/cdn` : '/moved'
    response.writeHead(302, { location: to }).end()
  })
  const files = filesFromHub('owner/model', { endpoint: base, token: 'hf_secret' })
  expect(await files.has('w.bin')).toBe(true)
  const source = await files.open('w.bin')
  expect(Array.from(await source.read(10, 13))).toEqual([10, 11, 12])
  await files.text('w.bin').catch(() => {})
  expect(asked.length).toBe(8)
  expect(asked.every(({ authorization }) => authorization === 'Bearer hf_secret')).toBe(true)
  expect(other.asked.length).toBe(4)
  expect(other.asked.map(({ authorization }) => authorization)).toEqual(Array(4).fill(undefined))
  expect(JSON.stringify(other.asked)).not.toMatch('secret')
})

test('without a token none is sent', async () => {
  const { base, asked } = await serve(ranges(content))
  await filesFromUrl(base).open('w.bin')
  expect(asked[0]!.authorization).toBeUndefined()
})

test('a signal stops a download with its own reason', async () => {
  const controller = new AbortController()
  const { base } = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 300 })
    response.write(content.subarray(0, 100))
    setTimeout(() => controller.abort(), 20)
  })
  const files = filesFromUrl(base, { signal: controller.signal })
  await expect(files.open('w.bin')).rejects.toMatchObject({ name: 'AbortError' })
  await expect(files.has('w.bin')).rejects.toMatchObject({ name: 'AbortError' })
})

test('ranges bypass the HTTP cache, which in Chrome counts the bytes of a compressed body', async () => {
  const { base } = await serve(ranges(content))
  const modes: (RequestCache | undefined)[] = []
  const files = filesFromUrl(base, {
    fetch: (url, init) => {
      modes.push(init?.cache)
      return fetch(url, init)
    },
  })
  const source = await files.open('w.bin')
  await source.read(0, 300)
  expect(modes).toEqual(['no-store', 'no-store'])
})

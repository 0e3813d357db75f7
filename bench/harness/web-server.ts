import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'

export interface Site {
  readonly url: string
  close(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/**
 * Serves `pages` at / and `files` at /files/ to this machine alone. The page is isolated from other origins, which
 * gives it finer clocks and shared memory.
 */
export async function serve(pages: string, files: string): Promise<Site> {
  const roots = { pages: resolve(pages), files: resolve(files) }
  const server = createServer((request, response) => {
    answer(roots, request, response).catch(() => response.destroy())
  })
  await new Promise<void>(ready => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}/index.html`,
    async close() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

async function answer(
  roots: { readonly pages: string; readonly files: string },
  { url = '/', method, headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = decodeURIComponent(new URL(url, 'http://localhost').pathname)
  const [root, below] = path.startsWith('/files/')
    ? [roots.files, path.slice('/files/'.length)]
    : [roots.pages, path.slice(1)]
  const file = join(root, below)
  const found = file.startsWith(root + sep) ? await stat(file).catch(() => null) : null
  if (!found?.isFile()) {
    response.writeHead(404).end()
    return
  }
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  const start = range ? Number(range[1]) : 0
  const end = range?.[2] ? Math.min(Number(range[2]), found.size - 1) : found.size - 1
  response.writeHead(range ? 206 : 200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': Math.max(0, end - start + 1),
    'accept-ranges': 'bytes',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    ...(range ? { 'content-range': `bytes ${start}-${end}/${found.size}` } : {}),
  })
  if (method === 'HEAD' || found.size === 0) response.end()
  else await pipeline(createReadStream(file, { start, end }), response)
}

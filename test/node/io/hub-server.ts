import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly at: 'hub' | 'cdn'
  readonly method: string
  readonly url: string
  readonly range: string | undefined
  readonly authorization: string | undefined
}

interface Revision {
  commit: string
  files: ReadonlyMap<string, Uint8Array>
}

export interface ServedModel {
  /** Branches, tags and commits. */
  readonly revisions: Map<string, Revision>
  /** What the API says beside the files. */
  card: Record<string, unknown>
  /** The token that may read it; null for a public model. */
  token: string | null
}

/** Answers a request in place of the server; false lets the server answer. */
export type Intervene = (asked: Asked, response: ServerResponse) => boolean | Promise<boolean>

export const gitId = (bytes: Uint8Array) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')

const digests = new WeakMap<Uint8Array, string>()
/** Of bytes that do not change: they are asked for many times. */
export function sha256(bytes: Uint8Array): string {
  const digest = digests.get(bytes) ?? createHash('sha256').update(bytes).digest('hex')
  digests.set(bytes, digest)
  return digest
}

const isLarge = (path: string) => path.endsWith('.safetensors') || path.endsWith('.bin')

/** A server with the addresses, headers and redirects of the Hub, and beside it one of another origin, for large files. */
export class HubServer implements AsyncDisposable {
  readonly models = new Map<string, ServedModel>()
  readonly asked: Asked[] = []
  intervene: Intervene = () => false
  /** Bytes that are sent before a pause of 1 ms; Infinity for no pauses. */
  chunk = Number.POSITIVE_INFINITY
  readonly #servers: Server[] = []
  endpoint = ''
  cdn = ''

  static async start(): Promise<HubServer> {
    const hub = new HubServer()
    hub.endpoint = await hub.#listen('hub', '127.0.0.1', (asked, response) => hub.#hub(asked, response))
    hub.cdn = await hub.#listen('cdn', 'localhost', (asked, response) => hub.#storage(asked, response))
    return hub
  }

  /** Publishes files as a new commit of a branch. */
  publish(id: string, files: Readonly<Record<string, Uint8Array | string>>, branch = 'main'): string {
    const contents = new Map(
      Object.entries(files).map(([path, content]) => [
        path,
        typeof content === 'string' ? new TextEncoder().encode(content) : content,
      ]),
    )
    const digests = [...contents].map(([path, bytes]) => `${path} ${sha256(bytes)}`).join()
    const commit = createHash('sha1').update(`${id} ${digests}`).digest('hex')
    const model = this.models.get(id) ?? { revisions: new Map(), card: {}, token: null }
    const revision = { commit, files: contents }
    model.revisions.set(branch, revision).set(commit, revision)
    this.models.set(id, model)
    return commit
  }

  /** Ranges of a file that were answered, in their order. */
  ranges(path: string): (string | undefined)[] {
    return this.asked
      .filter(({ at, url }) => at === 'hub' && url.includes(`/${path}`))
      .map(({ range }) => range)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }

  async #listen(
    at: Asked['at'],
    host: string,
    answer: (asked: Asked, response: ServerResponse) => void | Promise<void>,
  ): Promise<string> {
    const server = createServer(async (request: IncomingMessage, response) => {
      const { method = 'GET', url = '/', headers } = request
      response.setHeader('access-control-allow-origin', '*')
      response.setHeader('access-control-allow-headers', 'authorization, range')
      response.setHeader('access-control-expose-headers', 'ETag, Content-Range, X-Repo-Commit, X-Error-Code')
      if (method === 'OPTIONS') return void response.writeHead(204).end()
      const asked = { at, method, url, range: headers.range, authorization: headers.authorization }
      this.asked.push(asked)
      if (!(await this.intervene(asked, response))) await answer(asked, response)
    })
    this.#servers.push(server)
    await new Promise<void>(resolve => server.listen(0, host, resolve))
    return `http://${host}:${(server.address() as AddressInfo).port}`
  }

  async #hub(asked: Asked, response: ServerResponse): Promise<void> {
    const url = new URL(asked.url, this.endpoint)
    const [, api, id = '', revision = ''] =
      /^\/(api\/models\/)?([^/]+\/[^/]+)\/(?:revision|resolve)\/([^/]+)/.exec(url.pathname) ?? []
    const model = this.models.get(id)
    const mayRead = model?.token == null || asked.authorization === `Bearer ${model.token}`
    if (!model || (!mayRead && model.card.gated === undefined))
      return refuse(response, asked.authorization ? 404 : 401, 'RepoNotFound')
    const found = model.revisions.get(decodeURIComponent(revision))
    if (!found) return refuse(response, 404, 'RevisionNotFound')
    if (api) {
      const siblings = [...found.files].map(([path, bytes]) => ({
        rfilename: path,
        size: bytes.length,
        blobId: gitId(bytes),
        ...(isLarge(path) && { lfs: { sha256: sha256(bytes), size: bytes.length, pointerSize: 134 } }),
      }))
      response.setHeader('content-type', 'application/json')
      return void response.end(JSON.stringify({ id, sha: found.commit, siblings, ...model.card }))
    }
    if (!mayRead) return refuse(response, asked.authorization ? 403 : 401, 'GatedRepo')
    const path = decodeURIComponent(url.pathname.split('/').slice(5).join('/'))
    const bytes = found.files.get(path)
    response.setHeader('x-repo-commit', found.commit)
    if (!bytes) return refuse(response, 404, 'EntryNotFound')
    if (!isLarge(path)) {
      response.setHeader('etag', `"${gitId(bytes)}"`)
      return this.send(asked, response, bytes)
    }
    response.writeHead(302, {
      location: `${this.cdn}/${sha256(bytes)}?X-Signature=secret`,
      'x-linked-etag': `"${sha256(bytes)}"`,
      'x-linked-size': bytes.length,
    })
    response.end()
  }

  async #storage(asked: Asked, response: ServerResponse): Promise<void> {
    const digest = asked.url.slice(1, 65)
    for (const { revisions } of this.models.values())
      for (const { files } of revisions.values())
        for (const bytes of files.values())
          if (sha256(bytes) === digest) {
            // Its own hash of what it keeps, which looks like a SHA-256 and is not that of the content.
            response.setHeader('etag', `"${sha256(bytes).split('').reverse().join('')}"`)
            return this.send(asked, response, bytes)
          }
    response.writeHead(403).end()
  }

  /** Answers a range as RFC 9110 says. */
  async send({ range }: Asked, response: ServerResponse, bytes: Uint8Array): Promise<void> {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
    if (first === undefined) return this.#body(response, bytes)
    if (Number(first) >= bytes.length)
      return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
    const part = bytes.subarray(Number(first), Number(last) + 1)
    response.writeHead(206, {
      'content-range': `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`,
      'content-length': part.length,
    })
    await this.#body(response, part)
  }

  async #body(response: ServerResponse, bytes: Uint8Array): Promise<void> {
    if (bytes.length <= this.chunk) return void response.end(bytes)
    for (let at = 0; at < bytes.length && !response.destroyed; at += this.chunk) {
      response.write(bytes.subarray(at, at + this.chunk))
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    response.end()
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'x-error-code': code }).end('{"error":"no"}')
}

/** Bytes that differ from piece to piece and are the same in every run. */
export function noise(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  const words = new Uint32Array(bytes.buffer, 0, size >> 2)
  let state = seed
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    words[i] = state
  }
  return bytes
}

import { ModelFilesError } from './byte-source'
import type { UrlOptions } from './url-source'

export interface HubOptions extends UrlOptions {
  /** Branch, tag or commit; `main` when left out. */
  revision?: string
  /** A mirror of the Hub; `https://huggingface.co` when left out. */
  endpoint?: string
}

export const HUB = 'https://huggingface.co'

/** A model of a Hub at one of its revisions. */
export interface HubAddress {
  readonly id: string
  readonly revision: string
  /** Without a slash at its end. */
  readonly endpoint: string
}

/** Throws `ModelFilesError` for an id or a revision that the Hub cannot have, and for an unusable endpoint. */
export function hubAddress(id: string, options: HubOptions): HubAddress {
  const { revision = 'main', endpoint = HUB, token } = options
  const part = '[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?'
  if (!new RegExp(`^${part}(?:/${part})?$`).test(id) || /\.\.|--/.test(id) || id.length > 96)
    throw new ModelFilesError(`'${id}' is not the id of a model on the Hub; ids look like 'owner/model'`)
  if (!/^[\w./+-]+$/.test(revision) || revision.split('/').some(name => /^\.*$/.test(name)))
    throw new ModelFilesError(`${id}: '${revision}' is not a branch, tag or commit`)
  const { href, search } = parseBase(endpoint, token)
  if (search !== '')
    throw new ModelFilesError(`'${endpoint}' is no address of a Hub: there is a query behind it`)
  return { id, revision, endpoint: href.replace(/\/+$/, '') }
}

/** Where a file of a model is, at a revision. */
export const fileUrl = ({ id, endpoint }: HubAddress, revision: string, path: string): URL =>
  new URL(
    `${endpoint}/${id}/resolve/${encodeURIComponent(revision)}/${path.split('/').map(encodeURIComponent).join('/')}`,
  )

/** A URL that files can be below; its path ends with a slash. Throws `ModelFilesError` for one that is unusable. */
export function parseBase(base: string | URL, token: string | undefined): URL {
  const page = globalThis.location?.href
  if (!URL.canParse(base, page))
    throw new ModelFilesError(
      `'${base}' is not a URL a model can be read from; give the whole https:// address`,
    )
  const url = new URL(base, page)
  url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new ModelFilesError(`'${url.protocol}' is not a scheme a model can be read from; use https:`)
  if (url.username || url.password)
    throw new ModelFilesError(`${url.host}: the URL holds a user name or password; pass a token instead`)
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (token !== undefined && url.protocol === 'http:' && !local)
    throw new ModelFilesError(`${url.host}: a token would be sent unencrypted; use https:`)
  // `Headers` refuses it too, and its message shows the token.
  if (token !== undefined && !/^[!-~]+$/.test(token.trim()))
    throw new ModelFilesError(
      `${url.host}: the token is empty, or holds white space or a letter that no token has; copy it again`,
    )
  return url
}

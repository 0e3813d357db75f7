import { ModelFilesError } from './byte-source'

/**
 * Why a model does not come from the Hub. `missing`: no such model, revision or file, or a private one. `gated`: its
 * owner wants its terms accepted first. `refused`: the token may not read it. `offline`: no answer. `busy`: the server
 * asks to wait, or fails. `broken`: what came is not what was asked for. `changed`: the file is not the listed one.
 */
export type HubReason = 'missing' | 'gated' | 'refused' | 'offline' | 'busy' | 'broken' | 'changed'

/** The Hub, or the way to it, does not give what was asked for. */
export class HubError extends ModelFilesError {
  override name = 'HubError'
  constructor(
    readonly reason: HubReason,
    message: string,
    options?: ErrorOptions & { retryAfter?: number | null },
  ) {
    super(message, options)
    this.retryAfter = options?.retryAfter ?? null
  }
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | null
}

/** A file of the cache that is not what was downloaded. */
export class DamagedFileError extends ModelFilesError {
  override name = 'DamagedFileError'
}

export interface RetryOptions {
  /** How often a request is made at most; 5 when left out. */
  readonly tries?: number
  /** Milliseconds before the second try, doubled with each further one; 500 when left out. */
  readonly delay?: number
}

/** A server that asks for more patience than this is left alone. */
const longestWait = 60_000

/** Whether the same request may be answered better later. */
export const isPassing = (error: unknown): error is HubError =>
  error instanceof HubError && ['offline', 'busy', 'broken'].includes(error.reason)

/** Runs `work` again where it fails for a reason that may pass, later each time or when the server says. */
export async function retried<T>(
  work: () => Promise<T>,
  retry: RetryOptions = {},
  signal?: AbortSignal,
): Promise<T> {
  for (let failed = 1; ; failed++) {
    try {
      return await work()
    } catch (error) {
      await waitAfter(error, failed, retry, signal)
    }
  }
}

/** Waits before the next try after `failed` ones; throws `error` where there shall be none. */
export async function waitAfter(
  error: unknown,
  failed: number,
  { tries = 5, delay = 500 }: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!isPassing(error) || failed >= tries) throw error
  const wait = error.retryAfter ?? delay * 2 ** (failed - 1)
  if (wait > longestWait) throw error
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, wait)
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
  })
}

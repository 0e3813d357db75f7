import { type LockOptions, StoreBusyError } from './model-store'
import type { NodeModules } from './node-modules'

/** Who holds or waits for a lock in this process: a lock file tells only processes apart. */
const turns = new Map<string, Promise<void>>()

const pollEvery = 100

/** A holder says this often that it is still there; one that was silent three times as long has gone. */
const beatEvery = 10_000

/**
 * Takes the lock `file`, which holds the id and the host of the process that has it, also from one that has ended.
 * Gives what releases it.
 *
 * Two holders at once would only do the same work twice: stores write whole files, and what they hold is checked.
 */
export async function takeLock(
  node: NodeModules,
  file: string,
  name: string,
  { signal, wait = true }: LockOptions,
): Promise<() => Promise<void>> {
  const { fs } = node
  const before = turns.get(file)
  if (before && !wait) throw busy(name)
  const { promise: turn, resolve: end } = withResolvers()
  const queue = (before ?? Promise.resolve()).then(() => turn)
  turns.set(file, queue)
  const leave = () => {
    end()
    if (turns.get(file) === queue) turns.delete(file)
  }
  try {
    await (before && abortable(before, signal))
    while (!(await create(node, file))) {
      signal?.throwIfAborted()
      if (await isLeft(node, file)) await fs.rm(file, { force: true })
      else if (!wait) throw busy(name)
      else await new Promise(resolve => setTimeout(resolve, pollEvery))
    }
  } catch (error) {
    leave()
    throw error
  }
  const beat = setInterval(() => fs.utimes(file, new Date(), new Date()).catch(() => {}), beatEvery)
  beat.unref()
  return async () => {
    clearInterval(beat)
    const holder = await fs.readFile(file, 'utf8').catch(() => '')
    if (holder === nameOf(node)) await fs.rm(file, { force: true })
    leave()
  }
}

const nameOf = ({ process, os }: NodeModules) => `${process.pid} ${os.hostname()}`

async function create(node: NodeModules, file: string): Promise<boolean> {
  try {
    await node.fs.writeFile(file, nameOf(node), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Whether whoever took the lock has ended, or is another computer's process that no longer says it is there. */
async function isLeft({ fs, os, process }: NodeModules, file: string): Promise<boolean> {
  const [holder, stat] = await Promise.all([
    fs.readFile(file, 'utf8').catch(() => ''),
    fs.stat(file).catch(() => null),
  ])
  if (!stat) return false
  if (Date.now() - stat.mtimeMs > 3 * beatEvery) return true
  const [id, ...host] = holder.split(' ')
  const pid = Number(id)
  // Not written yet: whoever made it is about to. Ids of another computer, or container, mean nothing here.
  if (!Number.isSafeInteger(pid) || pid <= 0 || host.join(' ') !== os.hostname()) return false
  // This process holds no lock without a turn: an earlier one had the same id.
  if (pid === process.pid) return true
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}

async function abortable(waiting: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return waiting
  signal.throwIfAborted()
  const { promise, resolve } = withResolvers()
  signal.addEventListener('abort', resolve)
  await Promise.race([waiting, promise])
  signal.removeEventListener('abort', resolve)
  signal.throwIfAborted()
}

const busy = (name: string) =>
  new StoreBusyError(`${name}: another process is working on it; wait for it, or end it first`)

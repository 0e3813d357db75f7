import { readFileSync, rmSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UsageError } from './options'

/** What this process holds: its own id in another lock is that of an ended process which had the same. */
const held = new Set<string>()

/** A file that only one process at a time has; it holds that process's id. */
export class LockFile implements Disposable {
  private constructor(readonly path: string) {}

  /**
   * Takes a lock, also from a process that has ended without giving it back. Makes its folder if there is none.
   *
   * @throws {UsageError} if another process has it
   */
  static async take(path: string): Promise<LockFile> {
    await mkdir(dirname(path), { recursive: true })
    for (;;) {
      const taken = await create(path)
      if (taken) return new LockFile(path)
      const holder = await holderOf(path)
      if (holder === null) continue
      if (isRunning(path, holder)) {
        throw new UsageError(
          `${path} is held by another process (${holder || 'it has just begun'}): start one at a time, and remove that file if there is none`,
        )
      }
      await removeOf(path, holder)
    }
  }

  /** Whether it is still this process's: somebody may have removed it. */
  get isHeld(): boolean {
    try {
      return readFileSync(this.path, 'utf8') === String(process.pid)
    } catch {
      return false
    }
  }

  [Symbol.dispose](): void {
    if (held.delete(this.path) && this.isHeld) rmSync(this.path, { force: true })
  }
}

async function create(path: string): Promise<boolean> {
  const file = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return null
    throw error
  })
  if (!file) return false
  held.add(path)
  await file.writeFile(String(process.pid))
  await file.close()
  return true
}

const orNull = (error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') return null
  throw error
}

const holderOf = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(orNull)

function isRunning(path: string, holder: string): boolean {
  const pid = Number(holder)
  // Not written yet: whoever made it is about to.
  if (!Number.isSafeInteger(pid) || pid <= 0) return true
  if (pid === process.pid) return held.has(path)
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Removes an ended process's lock. Two may do so at once: the later must not remove what the earlier has made anew. */
async function removeOf(path: string, holder: string): Promise<void> {
  const aside = `${path}.${process.pid}`
  await rename(path, aside).catch(orNull)
  const found = await holderOf(aside)
  if (found !== null && found !== holder) await rename(aside, path)
  else await rm(aside, { force: true })
}

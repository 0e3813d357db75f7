import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, onTestFinished } from 'vitest'

/** The repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  /** Lines, without those that Dawn itself writes about limits of a driver: they come from below the process. */
  readonly stderr: readonly string[]
}

const DAWN = /^Warning: max\w+ artificially reduced from \d+ to \d+/

/**
 * Runs a Node script, by default the built command, with pipes for its output.
 *
 * @param whileRunning is called once it has started
 */
export async function run(
  args: readonly string[],
  {
    script = join(root, 'dist/cli.js'),
    cwd = root,
    stdin = '',
    whileRunning,
  }: {
    script?: string
    cwd?: string
    stdin?: string | Buffer
    whileRunning?: (child: ChildProcessWithoutNullStreams) => unknown
  } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...args], { cwd, stdio: 'pipe' })
  // A command that does not read it may be gone before it is written.
  child.stdin.on('error', () => {}).end(stdin)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  await whileRunning?.(child)
  const code = await ended
  const lines = stderr.split('\n').filter(line => line !== '' && !DAWN.test(line))
  return { code, stdout, stderr: lines }
}

/** A folder that is gone after the test; with `keep`, called outside of tests, after the file's last. */
export function temporaryFolder({ keep = false } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'tabtune-test-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  if (keep) afterAll(remove)
  else onTestFinished(remove)
  return folder
}

/** Runs tasks a few at a time: each is a process. */
export async function inTurns<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let begin = 0; begin < items.length; begin += 4) {
    results.push(...(await Promise.all(items.slice(begin, begin + 4).map(task))))
  }
  return results
}

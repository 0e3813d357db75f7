import { realpath } from 'node:fs/promises'
import { UsageError } from './options'

/**
 * What is read must not be written over: a command that is ended half-way would leave neither.
 *
 * @param read where something is read: a folder, or what is none, such as an id of the Hub
 * @throws {UsageError} if both are the same folder, by whatever names
 */
export async function refuseSameFolder(out: string, read: string, what: string): Promise<void> {
  const [target, source] = await Promise.all([out, read].map(path => realpath(path).catch(() => null)))
  if (target !== null && target === source)
    throw new UsageError(`--out ${out} is ${what}, which would be overwritten; name another folder`)
}

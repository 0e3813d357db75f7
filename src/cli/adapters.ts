import { stat } from 'node:fs/promises'
import { filesFromFolder, LoraAdapter, type Model, type PeftAdapter, readPeftAdapter } from '../index'
import { UsageError } from './options'

/** The adapter in a PEFT folder. @throws {UsageError} if there is no such folder */
export async function readAdapter(path: string): Promise<PeftAdapter> {
  await stat(path).catch(() => {
    throw new UsageError(`${path}: there is no such adapter folder`)
  })
  return readPeftAdapter(filesFromFolder(path))
}

/** The adapter in a PEFT folder, on a model. @throws {UsageError} if there is no such folder */
export async function openAdapter({ network }: Model, path: string): Promise<LoraAdapter> {
  return LoraAdapter.fromPeft(network, await readAdapter(path))
}

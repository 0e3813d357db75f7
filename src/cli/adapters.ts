import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import {
  type FileDigest,
  filesFromFolder,
  LoraAdapter,
  type Model,
  type PeftAdapter,
  readPeftAdapter,
} from '../index'
import { digestFile } from './files'
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

/** Of the files of a PEFT folder, by its name and theirs. */
export const adapterDigests = (path: string): Promise<FileDigest[]> =>
  Promise.all(
    ['adapter_config.json', 'adapter_model.safetensors'].map(name =>
      digestFile(join(path, name), `${basename(resolve(path))}/${name}`),
    ),
  )

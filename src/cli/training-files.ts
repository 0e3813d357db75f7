import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import {
  type ExportedFile,
  type FileDigest,
  LoraAdapter,
  type Manifest,
  type Trainable,
  writePeftAdapter,
} from '../index'
import { digestFile, writeWhole } from './files'

/** An adapter's files as PEFT reads them, by name. */
export const adapterFiles = async (
  adapter: LoraAdapter,
  baseModel: string | null,
): Promise<readonly (readonly [string, string | Uint8Array])[]> =>
  Object.entries(writePeftAdapter(await adapter.toPeft(baseModel)))

/** Writes an adapter as PEFT reads it; gives the names of the files. */
export async function writeAdapter(
  folder: string,
  adapter: LoraAdapter,
  baseModel: string,
): Promise<string[]> {
  const files = await adapterFiles(adapter, baseModel)
  for (const [name, content] of files) await writeWhole(join(folder, name), content)
  return files.map(([name]) => name)
}

/** Writes a model's files, each whole or not at all; gives their names. */
export async function writeExported(
  folder: string,
  files: readonly ExportedFile[],
  onProgress: (fraction: number) => void,
): Promise<string[]> {
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  for (const { path, chunks } of files) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true })
    const stream = createWriteStream(`${target}.tmp`)
    try {
      for await (const chunk of chunks()) {
        if (!stream.write(chunk)) await once(stream, 'drain')
        done += chunk.length
        onProgress(done / total)
      }
      stream.end()
      await finished(stream)
    } catch (error) {
      stream.destroy()
      await rm(`${target}.tmp`, { force: true })
      throw error
    }
    await rename(`${target}.tmp`, target)
  }
  return files.map(({ path }) => path)
}

/** Writes `manifest.json` with the digests of other files of the folder. */
export async function writeManifest(
  folder: string,
  identity: Omit<Manifest, 'outputs'>,
  names: readonly string[],
): Promise<void> {
  const outputs: FileDigest[] = []
  for (const name of names) outputs.push(await digestFile(join(folder, name), name))
  await writeWhole(join(folder, 'manifest.json'), `${JSON.stringify({ ...identity, outputs }, null, 2)}\n`)
}

export const isAdapter = (trainable: Trainable): trainable is LoraAdapter => trainable instanceof LoraAdapter

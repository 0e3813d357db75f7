import { filesFromList, type ModelFiles } from '../../src/io/model-files'
import { openSafetensors } from '../../src/io/safetensors'
import bert from '../fixtures/bert.json'
import { fromBase64, sourceOf } from '../io/bytes'

/** An encoder with what PyTorch computes on it; see test/fixtures/make_bert.py. */
export interface BertFixture {
  readonly name: string
  /** Text, or base64 where the name ends in `.safetensors`. */
  readonly files: Readonly<Record<string, string>>
  /** Tokens of each of `texts`. */
  readonly sequences: readonly (readonly number[])[]
  /** Base64 of a safetensors file. */
  readonly expected: string
}

export const { texts } = bert
export const mini: BertFixture = { name: 'mini', ...bert.mini }
export const masked: BertFixture = { name: 'masked', ...bert.masked }

/** The fixture's folder, with other files in it or, where they are null, without them. */
export function encoderFolder(
  { files, name }: Pick<BertFixture, 'files' | 'name'>,
  changes: Readonly<Record<string, string | null>> = {},
): ModelFiles {
  const blobs = Object.entries({ ...files, ...changes }).flatMap(([path, content]) => {
    if (content === null) return []
    return [[path, new Blob([path.endsWith('.safetensors') ? fromBase64(content) : content])] as const]
  })
  return filesFromList(new Map(blobs), name)
}

/** What PyTorch computed, by name. */
export async function expectedOf({ expected }: BertFixture): Promise<ReadonlyMap<string, Float32Array>> {
  const file = await openSafetensors(sourceOf(fromBase64(expected)))
  const read = async (key: string) => [key, await file.read(key)] as const
  return new Map(await Promise.all([...file.tensors.keys()].map(read)))
}

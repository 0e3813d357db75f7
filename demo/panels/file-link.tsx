import { useEffect, useMemo } from 'preact/hooks'
import { Breakable } from '../parts/breakable'
import { bytes } from '../parts/format'
import type { OutputFile } from '../protocol'
import { unsaved } from '../state'

/** A file to be saved, with what it is. */
export function FileLink({ file: { name, description, blob } }: { readonly file: OutputFile }) {
  const address = useMemo(() => URL.createObjectURL(blob), [blob])
  useEffect(() => () => URL.revokeObjectURL(address), [address])
  return (
    <li>
      <a
        href={address}
        download={name.split('/').at(-1)}
        onClick={() => {
          unsaved.value = false
        }}
      >
        <Breakable name={name} />
      </a>
      <span class="muted size">{bytes(blob.size)}</span>
      <span class="muted description">{description}</span>
    </li>
  )
}

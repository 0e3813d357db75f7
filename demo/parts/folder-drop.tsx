import { useState } from 'preact/hooks'
import { droppedFiles } from './dropped-folder'

/** A place to drop or choose a folder. */
export function FolderDrop(props: {
  readonly label: string
  readonly hint: string
  readonly disabled: boolean
  readonly onFiles: (files: ReadonlyMap<string, File>) => void
  readonly onError: (error: unknown) => void
}) {
  const { label, hint, disabled, onFiles, onError } = props
  const [over, setOver] = useState(false)
  const take = (files: ReadonlyMap<string, File>) => {
    if (files.size > 0 && !disabled) onFiles(files)
  }
  return (
    <label
      class={`drop${over ? ' over' : ''}`}
      onDragOver={event => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        event.preventDefault()
        setOver(false)
        const items = event.dataTransfer?.items
        if (items) droppedFiles(items).then(take, onError)
      }}
    >
      <span class="drop-label">{label}</span>
      <span class="drop-action">Drop a folder here, or choose one</span>
      <span class="hint">{hint}</span>
      <input
        type="file"
        multiple
        disabled={disabled}
        // The types of Preact do not know the attribute.
        {...{ webkitdirectory: true }}
        onChange={event => {
          const list = [...(event.currentTarget.files ?? [])]
          event.currentTarget.value = ''
          take(new Map(list.map(file => [file.webkitRelativePath || file.name, file])))
        }}
      />
    </label>
  )
}

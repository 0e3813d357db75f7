import { useState } from 'preact/hooks'

/** A place to drop or choose one file. */
export function FileDrop(props: {
  readonly label: string
  readonly hint: string
  readonly disabled: boolean
  readonly onFile: (file: File) => void
}) {
  const { label, hint, disabled, onFile } = props
  const [over, setOver] = useState(false)
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0]
    if (file && !disabled) onFile(file)
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
        take(event.dataTransfer?.files)
      }}
    >
      <span class="drop-label">{label}</span>
      <span class="drop-action">Drop a file here, or choose one</span>
      <span class="hint">{hint}</span>
      <input
        type="file"
        accept=".json,.jsonl,.ndjson,.csv,.tsv,.parquet,.gz,application/json,text/csv"
        disabled={disabled}
        onChange={event => {
          take(event.currentTarget.files)
          // So that the same file can be chosen again after it was mended.
          event.currentTarget.value = ''
        }}
      />
    </label>
  )
}

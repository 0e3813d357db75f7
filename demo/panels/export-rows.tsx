import { useState } from 'preact/hooks'
import type { ContainerName, RowFormat } from '../../src/index'
import { containerNames, formatName } from '../parts/format-names'
import type { FileSummary } from '../protocol'
import { exportRows } from '../row-actions'

const formats: readonly RowFormat[] = ['alpaca', 'sharegpt', 'messages']

/** The chosen rows in another format than they came in. */
export function ExportRows({ own }: { readonly own: FileSummary }) {
  const [container, setContainer] = useState<ContainerName | null>(null)
  const [format, setFormat] = useState<RowFormat | null>(null)
  const [gzip, setGzip] = useState(own.gzip)
  return (
    <details>
      <summary>Save the chosen rows in another format</summary>
      <form
        class="fields export"
        onSubmit={event => {
          event.preventDefault()
          void exportRows({
            ...(container ? { container } : {}),
            ...(format ? { format } : {}),
            ...(container === 'parquet' ? {} : { gzip }),
          })
        }}
      >
        <label>
          <span>File</span>
          <select
            value={container ?? ''}
            onChange={event => {
              const { value } = event.currentTarget
              setContainer(Object.hasOwn(containerNames, value) ? (value as ContainerName) : null)
            }}
          >
            <option value="">{containerNames[own.container]}, as they came</option>
            {Object.entries(containerNames).map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Format</span>
          <select
            value={format ?? ''}
            onChange={event => setFormat(formats.find(one => one === event.currentTarget.value) ?? null)}
          >
            <option value="">as they came</option>
            {formats.map(name => (
              <option key={name} value={name}>
                {formatName(name)}
              </option>
            ))}
          </select>
        </label>
        <label class="choice">
          <input
            type="checkbox"
            checked={gzip}
            disabled={container === 'parquet'}
            onChange={event => setGzip(event.currentTarget.checked)}
          />
          packed with gzip
        </label>
        <button type="submit">Save</button>
      </form>
    </details>
  )
}

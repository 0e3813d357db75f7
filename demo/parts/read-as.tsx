import type { ContainerName } from '../../src/index'
import type { Given } from '../protocol'
import { containerNames, formatName } from './format-names'

/** Says how a file is to be read, where its content does not tell it rightly, and reads it again. */
export function ReadAs<Format extends string>(props: {
  readonly what: string
  readonly given: Given<Format>
  readonly formats: readonly Format[]
  readonly disabled: boolean
  readonly onRead: (given: Given<Format>) => void
}) {
  const { what, given, formats, disabled, onRead } = props
  const { file, name, container, format } = given
  const again = (next: { readonly container?: ContainerName; readonly format?: Format }) =>
    onRead({ file, name, ...next })
  const isContainer = (text: string): text is ContainerName => Object.hasOwn(containerNames, text)
  return (
    <details class="read-as">
      <summary>Read it as something else</summary>
      <div class="fields">
        <label>
          <span>File of the {what}</span>
          <select
            value={container ?? ''}
            disabled={disabled}
            onChange={event => {
              const { value } = event.currentTarget
              again({ ...(isContainer(value) ? { container: value } : {}), ...(format ? { format } : {}) })
            }}
          >
            <option value="">as its content says</option>
            {Object.entries(containerNames).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Format of the {what}</span>
          <select
            value={format ?? ''}
            disabled={disabled}
            onChange={event => {
              const found = formats.find(one => one === event.currentTarget.value)
              again({ ...(container ? { container } : {}), ...(found ? { format: found } : {}) })
            }}
          >
            <option value="">as its fields say</option>
            {formats.map(value => (
              <option key={value} value={value}>
                {formatName(value)}
              </option>
            ))}
          </select>
        </label>
      </div>
    </details>
  )
}

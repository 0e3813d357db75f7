import type { FileSummary } from '../protocol'
import { bytes, count, counted } from './format'
import { containerNames, formatName } from './format-names'

/** What was read from a file, and what was not and why. */
export function FileRead({ file, noun }: { readonly file: FileSummary; readonly noun: string }) {
  const { name, bytes: size, container, gzip, format, usable, total, problems } = file
  const unread = total - usable
  return (
    <div class="file-read">
      <p class="figure">
        <b>{count(usable)}</b> of {counted(total, noun)} can be used
      </p>
      <p class="muted">
        {name} · {bytes(size)} · {containerNames[container]}
        {gzip && ', gzip'} · {formatName(format)}
      </p>
      {unread > 0 && (
        <details>
          <summary>{counted(unread, noun)} could not be used</summary>
          <ul class="problems">
            {problems.map(({ index, line, reason, excerpt }) => (
              <li key={index}>
                <span>
                  <b>
                    {noun} {index}
                  </b>
                  {line !== undefined && `, line ${line}`}: {reason}
                </span>
                <code>{excerpt}</code>
              </li>
            ))}
            {unread > problems.length && <li>and {count(unread - problems.length)} more</li>}
          </ul>
        </details>
      )}
    </div>
  )
}

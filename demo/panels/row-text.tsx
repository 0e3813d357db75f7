import { useEffect, useState } from 'preact/hooks'
import { ComparedTexts, sameTexts } from '../parts/compared-texts'
import { fixed } from '../parts/format'
import { rowDetail } from '../row-actions'
import type { RowDetail, TableRow } from '../row-protocol'

/** The whole text of a row; for one that repeats another, beside that other. */
export function RowText({ row }: { readonly row: TableRow }) {
  const [detail, setDetail] = useState<RowDetail | null>(null)
  useEffect(() => {
    let current = true
    void rowDetail(row.row, row.similarTo).then(found => {
      if (current) setDetail(found)
    })
    return () => {
      current = false
    }
  }, [row.row, row.similarTo])
  if (!detail) return <p class="muted">Loading…</p>
  const { own, other, problem } = detail
  if (!own) {
    const { line, excerpt } = problem ?? { excerpt: '' }
    return (
      <div class="text-card">
        {line !== undefined && <h4>Line {line}</h4>}
        <code>{excerpt}</code>
      </div>
    )
  }
  const turns = row.scores.map(
    (scores, n) =>
      `Turn ${n + 1}: ${Object.values(scores)
        .map(value => fixed(value, 2))
        .join(' × ')}`,
  )
  return (
    <>
      {turns.length > 1 && <p class="muted">{turns.join(' · ')}</p>}
      <ComparedTexts
        own={own}
        other={other}
        heading={index => (
          <h4>
            Row {index}
            {index !== row.row &&
              (row.decision === 'similar' ? ', kept instead' : ', the first of this text')}
          </h4>
        )}
      />
      {other && (
        <p class="muted">
          {sameTexts(own, other) ? 'The two texts are the same.' : 'Marked words are in one of the two only.'}
          {row.similarity !== null && ` Cosine ${fixed(row.similarity, 4)}.`}
        </p>
      )}
    </>
  )
}

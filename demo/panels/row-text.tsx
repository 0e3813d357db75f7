import { diffWordsWithSpace } from 'diff'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { rowDetail } from '../actions'
import { fixed } from '../parts/format'
import type { RowDetail, TableRow, RowText as Text } from '../protocol'

/** A piece of text, and whether only this side of a comparison has it. */
interface Piece {
  readonly text: string
  readonly own: boolean
}

/** The whole text of a row; for a near duplicate beside the row that was kept in its place. */
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
  }, [row])
  const own = detail?.own ?? null
  const other = detail?.other ?? null
  const [left, right] = useMemo(() => compared(own, other), [own, other])
  if (!detail) return <p class="muted">Loading…</p>
  if (!own) {
    const { line, excerpt } = detail.problem ?? { excerpt: '' }
    return (
      <div class="text-card">
        {line !== undefined && <h4>Line {line}</h4>}
        <code>{excerpt}</code>
      </div>
    )
  }
  return (
    <>
      {row.scores.length > 1 && (
        <p class="muted">
          {row.scores
            .map(
              (s, n) => `Turn ${n + 1}: ${fixed(s.complexity ?? null, 2)} × ${fixed(s.quality ?? null, 2)}`,
            )
            .join(' · ')}
        </p>
      )}
      <div class={other ? 'columns' : ''}>
        <Card title={`Row ${own.row}`} pieces={left} />
        {other && <Card title={`Row ${other.row}, kept instead`} pieces={right} />}
      </div>
      {other && (
        <p class="muted">
          {plain(own) === plain(other)
            ? 'The two texts are the same.'
            : 'Marked words are in one of the two only.'}{' '}
          Cosine {fixed(row.similarity, 4)}.
        </p>
      )}
    </>
  )
}

function Card({ title, pieces }: { readonly title: string; readonly pieces: readonly Piece[] }) {
  return (
    <div class="text-card">
      <h4>{title}</h4>
      <p class="text">
        {pieces.map(({ text, own }, n) => (own ? <mark key={n}>{text}</mark> : <span key={n}>{text}</span>))}
      </p>
    </div>
  )
}

const plain = ({ turns }: Text) => turns.map(({ role, content }) => `${role}: ${content}`).join('\n\n')

function compared(own: Text | null, other: Text | null): [Piece[], Piece[]] {
  const [a, b] = [own ? plain(own) : '', other ? plain(other) : '']
  const same = (text: string) => [{ text, own: false }]
  // Long texts that differ throughout would hold up the page.
  const parts = other ? diffWordsWithSpace(a, b, { timeout: 100 }) : undefined
  if (!parts) return [same(a), same(b)]
  const side = (absent: 'added' | 'removed') =>
    parts
      .filter(part => !part[absent])
      .map(({ value, added, removed }) => ({ text: value, own: added || removed }))
  return [side('added'), side('removed')]
}

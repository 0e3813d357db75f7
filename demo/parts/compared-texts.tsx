import { diffWordsWithSpace } from 'diff'
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import type { RowText } from '../row-protocol'

/** A piece of text, and whether only this side of a comparison has it. */
interface Piece {
  readonly text: string
  readonly own: boolean
}

/** One text, or two side by side with the words marked that only one of them has. */
export function ComparedTexts(props: {
  readonly own: RowText
  readonly other: RowText | null
  /** What stands above the text of a row. */
  readonly heading: (row: number) => ComponentChildren
}) {
  const { own, other, heading } = props
  const [left, right] = useMemo(() => compared(own, other), [own, other])
  return (
    <div class={other ? 'columns' : ''}>
      <Card heading={heading(own.row)} pieces={left} />
      {other && <Card heading={heading(other.row)} pieces={right} />}
    </div>
  )
}

export const sameTexts = (a: RowText, b: RowText): boolean => plain(a) === plain(b)

function Card({
  heading,
  pieces,
}: {
  readonly heading: ComponentChildren
  readonly pieces: readonly Piece[]
}) {
  return (
    <div class="text-card">
      <div class="text-card-head">{heading}</div>
      <p class="text">
        {pieces.map(({ text, own }, n) => (own ? <mark key={n}>{text}</mark> : <span key={n}>{text}</span>))}
      </p>
    </div>
  )
}

const plain = ({ turns }: RowText) => turns.map(({ role, content }) => `${role}: ${content}`).join('\n\n')

function compared(own: RowText, other: RowText | null): [Piece[], Piece[]] {
  const [a, b] = [plain(own), other ? plain(other) : '']
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

import { useEffect, useState } from 'preact/hooks'
import { ComparedTexts } from '../parts/compared-texts'
import { DecisionChip } from '../parts/decision-chip'
import { count, fixed } from '../parts/format'
import { PinButtons } from '../parts/pin-buttons'
import { nearPairs, rowDetail } from '../row-actions'
import type { NearPair, RowDetail, SelectionSummary, Side } from '../row-protocol'

/** Pairs that are gone through one by one. */
const MOST = 200

const sides = { above: 'Just above the threshold', below: 'Just below it' } as const

/** Pairs of similar rows, those nearest to the threshold first: where to set it, and what it does. */
export function NearDuplicates({ summary }: { readonly summary: SelectionSummary }) {
  const [side, setSide] = useState<Side>('above')
  const [place, setPlace] = useState(0)
  const [pairs, setPairs] = useState<readonly NearPair[] | null>(null)
  const { threshold } = summary.choice
  useEffect(() => {
    let current = true
    void nearPairs(threshold, side, MOST).then(found => {
      if (current) setPairs(found)
    })
    return () => {
      current = false
    }
  }, [summary, side])
  useEffect(() => setPlace(0), [threshold, side])
  const total = pairs?.length ?? 0
  const pair = pairs?.[Math.min(place, total - 1)]
  const go = (by: number) => setPlace(Math.max(0, Math.min(place + by, total - 1)))
  return (
    <section
      class="near"
      aria-label="Near duplicates"
      onKeyDown={event => {
        // Fields and tabs have their own use for the arrows.
        if ((event.target as Element).closest('input, select, textarea, [role=tab]')) return
        if (event.key === 'ArrowRight') go(1)
        else if (event.key === 'ArrowLeft') go(-1)
      }}
    >
      <div class="near-tools">
        <fieldset class="segments">
          <legend class="visually-hidden">Which pairs</legend>
          {(Object.keys(sides) as Side[]).map(name => (
            <button key={name} type="button" aria-pressed={side === name} onClick={() => setSide(name)}>
              {sides[name]}
            </button>
          ))}
        </fieldset>
        <div class="pager">
          <button
            type="button"
            class="quiet"
            aria-label="Previous pair"
            disabled={place === 0}
            onClick={() => go(-1)}
          >
            ‹
          </button>
          <span aria-live="polite">
            {pairs === null
              ? '…'
              : total === 0
                ? 'No pair'
                : `Pair ${count(place + 1)} of ${total === MOST ? `the nearest ${MOST}` : count(total)}`}
          </span>
          <button
            type="button"
            class="quiet"
            aria-label="Next pair"
            disabled={place >= total - 1}
            onClick={() => go(1)}
          >
            ›
          </button>
        </div>
      </div>
      {pair && <Pair pair={pair} threshold={threshold} />}
      <p class="hint">
        The arrow keys go from pair to pair.
        {summary.counts.duplicate > 0 &&
          ` Exact copies are not among the pairs: ${count(summary.counts.duplicate)} stand with their first one in the table.`}
      </p>
    </section>
  )
}

function Pair({ pair, threshold }: { readonly pair: NearPair; readonly threshold: number }) {
  const [better, worse] = pair.rows
  const [detail, setDetail] = useState<RowDetail | null>(null)
  useEffect(() => {
    let current = true
    void rowDetail(better.row, worse.row).then(found => {
      if (current) setDetail(found)
    })
    return () => {
      current = false
    }
  }, [better.row, worse.row])
  const away = pair.similarity - threshold
  const rowAt = (index: number) => (index === better.row ? better : worse)
  if (!detail?.own || detail.own.row !== better.row) return <p class="muted">Loading…</p>
  return (
    <>
      <p>
        Cosine <b>{fixed(pair.similarity, 4)}</b>, {fixed(Math.abs(away), 4)}{' '}
        {away > 0 ? 'above the threshold: only one of the two can be kept.' : 'below it: both can be kept.'}{' '}
        <span class="muted">Words in one of the two only are marked.</span>
      </p>
      <ComparedTexts
        own={detail.own}
        other={detail.other}
        heading={index => {
          const row = rowAt(index)
          return (
            <>
              <span class="text-card-title">
                <h4>Row {index}</h4>
                <DecisionChip row={row} />
                <span class="muted">score {fixed(row.score, 2)}</span>
                <PinButtons row={index} />
              </span>
              <span class="muted">{row.reason}</span>
            </>
          )
        }}
      />
    </>
  )
}

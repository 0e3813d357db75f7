import { useSignal } from '@preact/signals'
import { budgetFor } from '../../src/index'
import { ActionRow } from '../parts/action-row'
import { decisionClass } from '../parts/decision-chip'
import { count, counted, duration } from '../parts/format'
import { FailureNotice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { SliderField } from '../parts/slider-field'
import { Tabs } from '../parts/tabs'
import { compareRows } from '../row-actions'
import type { SelectionSummary, TableQuery } from '../row-protocol'
import { join, options, ready, rows, scores, selection } from '../state'
import { ComparePart } from './compare'
import { MapPart } from './map'
import { NearDuplicates } from './near-duplicates'
import { RowTable } from './row-table'

export function SelectionPanel() {
  const now = selection.value
  const { budget, threshold } = options.value
  const usable = rows.value?.usable ?? 0
  const usual = budgetFor({ budget: null }, usable)
  const lowest = join.value?.lowest ?? 0.5
  const below = join.value !== null && threshold < join.value.lowest
  const change = (part: { budget?: number | null; threshold?: number }) => {
    options.value = { ...options.value, ...part }
  }
  return (
    <Panel
      id="selection"
      number={3}
      title="Selection"
      lead="Rows are taken from the best score down. One that says nearly the same as a row already kept is left out, until the budget is used up. What you change is answered at once, and exactly."
    >
      <div class="fields sliders">
        <SliderField
          label="Budget"
          hint={`Rows to keep at most. Usual: ${usable > 0 ? count(usual) : 'a tenth'}.`}
          value={budget ?? usual}
          min={0}
          max={usable > 0 ? usable : 1_000_000}
          step={1}
          disabled={!join.value}
          onValue={value => change({ budget: value === null ? null : Math.round(value) })}
        />
        <SliderField
          label="Most similarity"
          hint="Cosine above which a row repeats a kept one. Lower drops more."
          value={threshold}
          min={Math.ceil(lowest * 1000) / 1000}
          max={1}
          step={0.001}
          typedMin={-1}
          disabled={!join.value}
          onValue={value => change({ threshold: value ?? 0.9 })}
        />
      </div>
      <ActionRow stage="selection" hint={<Hint below={below} />}>
        {(!join.value || below) && (
          <button
            type="button"
            class={scores.value ? 'primary' : ''}
            disabled={!ready.value || !scores.value}
            onClick={compareRows}
          >
            {below ? 'Compare again' : 'Select'}
          </button>
        )}
      </ActionRow>
      <FailureNotice stage="selection" title="The rows could not be selected." />
      {now && <Results summary={now} />}
    </Panel>
  )
}

function Hint({ below }: { readonly below: boolean }) {
  const now = join.value
  if (!scores.value) return <>Needs scores.</>
  if (!now) return null
  if (below) return <>The rows were compared down to a cosine of {now.lowest} only.</>
  return (
    <>
      {counted(now.pairs, 'pair')} of rows above a cosine of {now.lowest}, found in {duration(now.seconds)}.
    </>
  )
}

type View = 'rows' | 'near' | 'map' | 'compare'

function Results({ summary }: { readonly summary: SelectionSummary }) {
  const decision = useSignal<TableQuery['decision']>('all')
  const view = useSignal<View>('rows')
  const tally = (name: TableQuery['decision'], label: string, n: number) => (
    <button
      type="button"
      class={`tally ${name === 'all' ? 'all' : decisionClass(name)}`}
      aria-pressed={decision.value === name}
      onClick={() => {
        decision.value = name
        view.value = 'rows'
      }}
    >
      <b>{count(n)}</b> {label}
    </button>
  )
  const { counts, total } = summary
  return (
    <>
      <fieldset class="tallies">
        <legend class="visually-hidden">Show rows by decision</legend>
        {tally('all', 'all rows', total)}
        {tally('kept', 'kept', counts.kept)}
        {tally('similar', 'too similar', counts.similar)}
        {counts.duplicate > 0 && tally('duplicate', 'copies', counts.duplicate)}
        {tally('beyond budget', 'beyond the budget', counts['beyond budget'])}
        {counts.excluded > 0 && tally('excluded', 'left out by you', counts.excluded)}
        {counts.invalid > 0 && tally('invalid', 'invalid', counts.invalid)}
        {counts.unreadable > 0 && tally('unreadable', 'unreadable', counts.unreadable)}
      </fieldset>
      <Tabs
        label="Views of the selection"
        tabs={[
          { name: 'rows', label: 'Rows' },
          { name: 'near', label: 'Near duplicates' },
          { name: 'map', label: 'Map' },
          { name: 'compare', label: 'Compare' },
        ]}
        shown={view.value}
        onShow={name => {
          view.value = name
        }}
      >
        {view.value === 'rows' && <RowTable decision={decision.value} summary={summary} />}
        {view.value === 'near' && <NearDuplicates summary={summary} />}
        {view.value === 'map' && <MapPart summary={summary} />}
        {view.value === 'compare' && <ComparePart summary={summary} />}
      </Tabs>
    </>
  )
}

import { useSignal } from '@preact/signals'
import { budgetFor } from '../../src/index'
import { selectRows } from '../actions'
import { ActionRow } from '../parts/action-row'
import { count } from '../parts/format'
import { FailureNotice } from '../parts/notice'
import { NumberField } from '../parts/number-field'
import { Panel } from '../parts/panel'
import type { SelectionSummary } from '../protocol'
import { options, ready, rows, scores, selection } from '../state'
import { RowTable } from './row-table'

export function SelectionPanel() {
  const now = selection.value
  const { budget, threshold } = options.value
  const usual = budgetFor({ budget: null }, rows.value?.usable ?? 0)
  const stale = now !== null && (now.threshold !== threshold || now.budget !== (budget ?? usual))
  const change = (part: { budget?: number | null; threshold?: number }) => {
    options.value = { ...options.value, ...part }
  }
  return (
    <Panel
      id="selection"
      number={3}
      title="Selection"
      lead="Rows are taken from the best score down. One that says nearly the same as a row already kept is left out, until the budget is used up."
    >
      <form
        onSubmit={event => {
          event.preventDefault()
          void selectRows(options.value)
        }}
      >
        <div class="fields">
          <NumberField
            label="Budget"
            hint="Rows to keep at most. Empty: a tenth of them."
            value={budget}
            placeholder={usual > 0 ? String(usual) : 'a tenth'}
            min={0}
            step={1}
            onValue={value => change({ budget: value })}
          />
          <NumberField
            label="Most similarity"
            hint="Cosine, from −1 to 1, above which a row repeats a kept one. Lower drops more."
            value={threshold}
            min={-1}
            max={1}
            step="any"
            onValue={value => change({ threshold: value ?? 0.9 })}
          />
        </div>
        <ActionRow
          stage="selection"
          hint={scores.value ? stale && 'Changed since the last selection.' : 'Needs scores.'}
        >
          <button
            type="submit"
            class={now && !stale ? '' : 'primary'}
            disabled={!ready.value || !scores.value}
          >
            {now ? 'Select again' : 'Select'}
          </button>
        </ActionRow>
      </form>
      <FailureNotice stage="selection" title="The rows could not be selected." />
      {now && <Results summary={now} />}
    </Panel>
  )
}

function Results({ summary }: { readonly summary: SelectionSummary }) {
  const decision = useSignal<keyof typeof summary.counts | 'all'>('all')
  const tab = (name: typeof decision.value, label: string, n: number) => (
    <button
      type="button"
      class={`tally ${name.replace(' ', '-')}`}
      aria-pressed={decision.value === name}
      onClick={() => {
        decision.value = name
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
        {tab('all', 'all rows', total)}
        {tab('kept', 'kept', counts.kept)}
        {tab('similar', 'too similar', counts.similar)}
        {tab('beyond budget', 'beyond the budget', counts['beyond budget'])}
        {counts.invalid > 0 && tab('invalid', 'invalid', counts.invalid)}
        {counts.unreadable > 0 && tab('unreadable', 'unreadable', counts.unreadable)}
      </fieldset>
      <RowTable decision={decision.value} summary={summary} />
    </>
  )
}

import { useSignal } from '@preact/signals'
import { ActionRow } from '../parts/action-row'
import { FailureNotice, Notice } from '../parts/notice'
import { compareStrategies } from '../row-actions'
import type { SelectionSummary, StrategyName } from '../row-protocol'
import { comparison, ready, scores } from '../state'
import { ComparisonTable } from './comparison-table'

/** What can be put beside the selection; the first two always are. */
const offered: readonly (readonly [name: StrategyName, label: string, about: string])[] = [
  ['random', 'Random', 'by chance: the baseline to beat'],
  ['longest', 'Longest', 'a baseline that is hard to beat'],
  ['shortest', 'Shortest', 'the other end'],
  ['top score', 'Top score', 'best scores, whatever they resemble'],
  ['near duplicates', 'Near-duplicate removal', 'with the similarity that is set above'],
  ['k-center', 'k-center', 'always the row that is farthest from all chosen ones'],
  ['mmr', 'MMR', 'score and novelty in equal parts'],
  ['facility location', 'Facility location', 'rows that stand for all others'],
  ['stratified', 'Stratified', 'by chance, from each source its share'],
  ['perplexity band', 'Perplexity band', 'the middle half; the model reads all answers once more'],
  [
    'superfiltering',
    'Superfiltering (IFD)',
    'the model reads all rows once more: this takes as long as scoring',
  ],
]

const always: readonly StrategyName[] = ['random', 'longest']

export function ComparePart({ summary }: { readonly summary: SelectionSummary }) {
  const picked = useSignal<ReadonlySet<StrategyName>>(new Set([...always, 'top score', 'k-center']))
  const now = comparison.value
  const stale = now !== null && now.choice !== summary.choice
  const shown = offered.filter(([name]) => name !== 'stratified' || scores.value?.groupField)
  const toggle = (name: StrategyName) => {
    const others = new Set(picked.value)
    if (!others.delete(name)) others.add(name)
    picked.value = others
  }
  return (
    <section class="compare" aria-label="Compare strategies">
      <p class="hint">
        The selection above beside as many rows chosen in other ways. Most ways to select do not beat random
        rows: only training on both tells.
      </p>
      <fieldset class="strategies">
        <legend>Compare with</legend>
        {shown.map(([name, label, about]) => (
          <label key={name} class="choice">
            <input
              type="checkbox"
              checked={picked.value.has(name)}
              disabled={always.includes(name)}
              onChange={() => toggle(name)}
            />
            <span>
              {label}
              <span class="hint">{about}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <ActionRow stage="strategies" hint={stale && 'The selection has changed since.'}>
        <button
          type="button"
          class={now && !stale ? '' : 'primary'}
          disabled={!ready.value || summary.counts.kept === 0}
          onClick={() =>
            compareStrategies(shown.map(([name]) => name).filter(name => picked.value.has(name)))
          }
        >
          {now ? 'Compare again' : 'Compare'}
        </button>
      </ActionRow>
      <FailureNotice stage="strategies" title="The strategies could not be compared." />
      {now && !stale && (
        <>
          <ComparisonTable
            comparison={now.comparison}
            labels={new Map(offered.map(([name, label]) => [name, label]))}
          />
          <Notice kind="info">{now.comparison.caution}</Notice>
        </>
      )}
    </section>
  )
}

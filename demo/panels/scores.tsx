import { ActionRow } from '../parts/action-row'
import { counted, duration } from '../parts/format'
import { Histogram } from '../parts/histogram'
import { FailureNotice, Notice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { scoreRows, setCut } from '../row-actions'
import { cuts, distributions, model, ready, rows, scoreColumns, scores, selection } from '../state'

export function ScoresPanel() {
  const usable = rows.value?.usable ?? 0
  const done = scores.value
  const cut = done?.truncated ?? 0
  const shown = selection.value?.distributions ?? distributions.value
  const hint = done
    ? `${counted(done.rows, 'row')} scored in ${duration(done.seconds)}.${cut > 0 ? ` ${counted(cut, 'row')} longer than the model’s context lost the middle.` : ''}`
    : usable === 0 && 'Needs instruction rows.'
  return (
    <Panel
      id="scores"
      number={2}
      title="Scores"
      lead="The model rates how demanding each instruction is and how good its answer, from 1 to 6. A row’s score is their product, summed over its turns."
    >
      {model.value?.bundled && (
        <Notice kind="info">
          The bundled scorers show how the method works. They are far too small to judge your data.
        </Notice>
      )}
      {model.value?.noScores && (
        <Notice kind="warning" title="This model cannot score.">
          {model.value.noScores}. Scores that the file brings along can be used.
        </Notice>
      )}
      {model.value && !model.value.noScores && !model.value.scorers && (
        <Notice kind="warning" title="This model was not trained to score.">
          It has no adapters “complexity” and “quality”, so it is asked as it is, which may say little.
        </Notice>
      )}
      <ActionRow stage="scores" hint={hint}>
        <button
          type="button"
          class={scores.value ? '' : 'primary'}
          disabled={!ready.value || usable === 0 || model.value?.noScores !== null}
          onClick={() => scoreRows(null)}
        >
          {scores.value ? 'Score again' : 'Score the rows'}
        </button>
        {scoreColumns.value && (
          <button type="button" disabled={!ready.value} onClick={() => scoreRows(scoreColumns.value)}>
            Take the file’s scores
          </button>
        )}
      </ActionRow>
      <FailureNotice stage="scores" title="The rows could not be scored." />
      {shown.length > 0 && (
        <>
          <div class="charts">
            {shown.map(distribution => (
              <Histogram
                key={distribution.key}
                distribution={distribution}
                cut={cuts.value[distribution.key] ?? null}
                onCut={cut => setCut(distribution.key, cut)}
              />
            ))}
          </div>
          {selection.value && (
            <p class="key">
              <span class="swatch kept" /> kept <span class="swatch" /> all
            </p>
          )}
        </>
      )}
    </Panel>
  )
}

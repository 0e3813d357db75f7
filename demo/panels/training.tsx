import { config, errors } from '../config-state'
import { ActionRow } from '../parts/action-row'
import { counted } from '../parts/format'
import { FailureNotice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { busy, ready, task } from '../state'
import { pause, train } from '../training-actions'
import { keepsRuns, keptRun, missingData, paused, plan, result } from '../training-state'
import { ConfigFile } from './config-file'
import { ConfigGroups, MethodField } from './config-groups'
import { KeptRunView } from './kept-run'
import { RecipeChooser } from './recipe'
import { TrainingData } from './training-data'
import { TrainingLive } from './training-live'
import { PlanView } from './training-plan'

export function TrainingPanel() {
  const wrong = Object.keys(errors.value).length
  const disabled = busy.value
  return (
    <Panel
      id="training"
      number={4}
      title="Training"
      lead="The model learns to write answers, to prefer the better of two, or to grade texts: with a small adapter beside its weights, or all of them."
    >
      <KeptRunView />
      <form
        onSubmit={event => {
          event.preventDefault()
          void train()
        }}
      >
        <RecipeChooser disabled={disabled} />
        <MethodField disabled={disabled} />
        <TrainingData disabled={disabled} />
        <ConfigGroups disabled={disabled} />
        <ConfigFile disabled={disabled} />
        <FailureNotice stage="plan" title="It cannot be trained like this." />
        {plan.value && <PlanView plan={plan.value} />}
        <KeepTick disabled={disabled} />
        <ActionRow
          stage="training"
          stop="Stop and keep"
          again="End at once"
          hint={
            missingData.value ??
            (wrong > 0 && `${counted(wrong, 'option')} must be changed first: see above.`)
          }
        >
          {task.value?.stage === 'training' ? (
            <button type="button" onClick={() => pause(!paused.value)}>
              {paused.value ? 'Go on' : 'Pause'}
            </button>
          ) : (
            <button
              type="submit"
              class={result.value ? '' : 'primary'}
              disabled={!ready.value || !plan.value || !config.value}
            >
              {result.value ? 'Train anew' : 'Train'}
            </button>
          )}
        </ActionRow>
      </form>
      <FailureNotice stage="training" title="The training stopped." />
      <TrainingLive />
    </Panel>
  )
}

/** Whether a training outlives the tab. */
function KeepTick({ disabled }: { readonly disabled: boolean }) {
  const replaces = keptRun.value !== null && result.value === null
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={keepsRuns.value}
        disabled={disabled}
        onChange={event => {
          keepsRuns.value = event.currentTarget.checked
        }}
      />
      <span>
        Keep the training in this browser while it goes on
        <span class="hint">
          After a crash or a reload it goes on from its last checkpoint. Data and adapter stay on this device,
          until you discard them or train anew.
          {replaces && ' The one that is kept now gives way.'}
        </span>
      </span>
    </label>
  )
}

import { train } from '../actions'
import { ActionRow } from '../parts/action-row'
import { count, duration, fixed } from '../parts/format'
import { FailureNotice, Notice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { TrainingCharts } from '../parts/training-charts'
import { events, pairs, plan, ready, result, task } from '../state'
import { TrainingFields } from './training-fields'
import { PlanView } from './training-plan'

export function TrainingPanel() {
  return (
    <Panel
      id="training"
      number={4}
      title="Training"
      lead="A small adapter learns to prefer the chosen answer of each pair to the rejected one. The model itself stays as it is."
    >
      <form
        onSubmit={event => {
          event.preventDefault()
          void train()
        }}
      >
        <TrainingFields />
        <FailureNotice stage="plan" title="It cannot be trained like this." />
        {plan.value && <PlanView plan={plan.value} />}
        <ActionRow stage="training" hint={!pairs.value && 'Needs preference pairs.'}>
          <button type="submit" class={result.value ? '' : 'primary'} disabled={!ready.value || !plan.value}>
            {result.value ? 'Train anew' : 'Train'}
          </button>
        </ActionRow>
      </form>
      <FailureNotice stage="training" title="The training stopped." />
      <Live />
    </Panel>
  )
}

/** What the training has shown so far; its place is kept from the start. */
function Live() {
  const seen = events.value.flatMap(event => (event.kind === 'step' ? [event] : []))
  const last = seen.at(-1)
  if (!last && task.value?.stage !== 'training') return null
  const totalSteps = last?.step.totalSteps ?? plan.value?.steps ?? 1
  // The first steps compile the kernels, so the speed is that of the last ones.
  const from = seen.at(-Math.min(seen.length, 10))
  const speed =
    last && from && last !== from
      ? (last.step.num_tokens - from.step.num_tokens) / (last.seconds - from.seconds)
      : null
  const seconds = result.value?.seconds ?? last?.seconds
  return (
    <div class="live">
      <dl class="figures">
        <div>
          <dt>Step</dt>
          <dd>
            {count(last?.step.step ?? 0)} of {count(totalSteps)}
          </dd>
        </div>
        <div>
          <dt>Epoch</dt>
          <dd>{fixed(last?.step.epoch ?? 0, 2)}</dd>
        </div>
        <div>
          <dt>Tokens a second</dt>
          <dd>{speed === null ? '–' : count(speed)}</dd>
        </div>
        <div>
          <dt>Time</dt>
          <dd>{seconds === undefined ? '–' : duration(seconds)}</dd>
        </div>
      </dl>
      <TrainingCharts steps={seen.map(event => event.step)} length={totalSteps} />
      {result.value?.stopped && (
        <Notice kind="info" title="Stopped early.">
          The adapter is as the last step made it. It can be tried and downloaded.
        </Notice>
      )}
    </div>
  )
}

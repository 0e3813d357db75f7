import { train } from '../actions'
import { count, duration, fixed } from '../parts/format'
import { FailureNotice, Notice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { Progress } from '../parts/progress'
import { TrainingCharts } from '../parts/training-charts'
import { events, pairs, plan, ready, result } from '../state'
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
        <div class="actions">
          <button type="submit" class={result.value ? '' : 'primary'} disabled={!ready.value || !plan.value}>
            {result.value ? 'Train anew' : 'Train'}
          </button>
          {!pairs.value && <p class="hint">Needs preference pairs.</p>}
        </div>
      </form>
      <Progress stage="training" />
      <FailureNotice stage="training" title="The training stopped." />
      <Live />
    </Panel>
  )
}

/** What the training has shown so far. */
function Live() {
  const seen = events.value.flatMap(event => (event.kind === 'step' ? [event] : []))
  const last = seen.at(-1)
  if (!last) return null
  const { step, totalSteps, epoch, num_tokens } = last.step
  // The first steps compile the kernels, so the speed is that of the last ones.
  const from = seen.at(-Math.min(seen.length, 10))!
  const tokens = num_tokens - from.step.num_tokens
  const speed = seen.length > 1 ? tokens / (last.seconds - from.seconds) : null
  return (
    <div class="live">
      <dl class="figures">
        <div>
          <dt>Step</dt>
          <dd>
            {count(step)} of {count(totalSteps)}
          </dd>
        </div>
        <div>
          <dt>Epoch</dt>
          <dd>{fixed(epoch, 2)}</dd>
        </div>
        <div>
          <dt>Tokens a second</dt>
          <dd>{speed === null ? '–' : count(speed)}</dd>
        </div>
        <div>
          <dt>Time</dt>
          <dd>{duration(result.value?.seconds ?? last.seconds)}</dd>
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

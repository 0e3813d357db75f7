import { count, duration, fixed } from '../parts/format'
import { Notice } from '../parts/notice'
import { TrainingCharts } from '../parts/training-charts'
import { task } from '../state'
import {
  checkpoint,
  evaluations,
  paused,
  plan,
  result,
  round,
  rounds,
  steps as seen,
  totalSteps,
} from '../training-state'

/** What the training has shown so far. */
export function TrainingLive() {
  const steps = seen.value
  const last = steps.at(-1)
  const running = task.value?.stage === 'training'
  if (!last && !running && !result.value) return null
  const length = totalSteps.value || (plan.value?.steps ?? 1)
  const heldOut = (plan.value?.heldOut ?? 0) > 0
  const seconds = result.value?.seconds ?? last?.seconds
  return (
    <div class="live">
      <dl class="figures">
        {round.value && (
          <div>
            <dt>Round</dt>
            <dd>
              {round.value.round} of {round.value.rounds}
            </dd>
          </div>
        )}
        <div>
          <dt>Step</dt>
          <dd>
            {count(last?.step ?? 0)} of {count(length)}
          </dd>
        </div>
        <div>
          <dt>Epoch</dt>
          <dd>{fixed(last?.epoch ?? 0, 2)}</dd>
        </div>
        <div>
          <dt>Time</dt>
          <dd>{seconds === undefined ? '–' : duration(seconds)}</dd>
        </div>
        <div>
          <dt>Kept</dt>
          <dd>{checkpoint.value ? `step ${count(checkpoint.value.step)}` : '–'}</dd>
        </div>
      </dl>
      {running && paused.value && (
        <Notice kind="info" title="Paused.">
          The GPU is free. Nothing is lost while this tab is open; go on above.
        </Notice>
      )}
      <TrainingCharts
        steps={steps}
        evaluations={evaluations.value}
        length={length}
        heldOut={heldOut}
        marks={rounds.value}
      />
      {result.value?.stopped && (
        <Notice kind="info" title="Stopped early.">
          What was trained is as the last step made it. It can be tried and downloaded.
        </Notice>
      )}
    </div>
  )
}

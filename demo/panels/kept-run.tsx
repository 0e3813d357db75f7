import { discardKept } from '../kept-runs'
import { bytes, count } from '../parts/format'
import { FailureNotice, Notice } from '../parts/notice'
import { lost, ready, task } from '../state'
import { goOn } from '../training-actions'
import { keptRun, result } from '../training-state'

/** A training of before that is kept in this browser: what can be done with it. */
export function KeptRunView() {
  const kept = keptRun.value
  const failed = <FailureNotice stage="kept" title="The kept training cannot go on yet." />
  // The training that is shown below is the kept one.
  if (!kept || task.value?.stage === 'training' || (result.value && !result.value.stopped)) return failed
  const { config, step, totalSteps, written, model, data } = kept
  const whole = step === totalSteps
  const losses = config.loss.map(({ name }) => name).join(' + ')
  return (
    <>
      <Notice
        kind="info"
        title={whole ? 'A finished training is kept here.' : 'A training is kept here that did not end.'}
      >
        <p>
          {losses} on {data.name} with {model.name === 'bundled' ? 'the bundled model' : model.name}: step{' '}
          {count(step)} of {count(totalSteps)}, kept {written.toLocaleString()}. It takes {bytes(kept.bytes)}{' '}
          of this browser’s storage, and nothing of it has left this device.
        </p>
        {!data.here && <p>Its data was too large to be kept: give {data.name} again before it goes on.</p>}
        {lost.value !== null && <p>The GPU must be started again first.</p>}
        <div class="actions">
          <button type="button" class="primary" disabled={!ready.value} onClick={() => goOn(kept)}>
            {whole ? 'Bring it back' : `Go on from step ${count(step)}`}
          </button>
          <button type="button" disabled={task.value !== null} onClick={discardKept}>
            Discard it
          </button>
        </div>
      </Notice>
      {failed}
    </>
  )
}

import { startAgain } from '../actions'
import { Notice } from '../parts/notice'
import { busy, device, lost, opening } from '../state'
import { keptRun, steps } from '../training-state'

/** A training of an earlier visit can go on. */
const isUnfinished = () => {
  const kept = keptRun.value
  return kept !== null && kept.step < kept.totalSteps && steps.value.length === 0 && !busy.value
}

/** What the page is for, and what it runs on. */
export function Header() {
  return (
    <header class="masthead">
      <h1>tabtune</h1>
      <p class="tagline">
        Find the few instruction rows that are worth training on, tune a small language model on your
        preferences, and take the adapter with you.
      </p>
      <p class="promise">
        Everything happens in this tab, on this device. Nothing of yours is uploaded. Once you close it,
        nothing is kept but models that you downloaded and the last training, until you discard them, and
        which kernels are fastest on this GPU.
      </p>
      <dl class="setup">
        <div>
          <dt>GPU</dt>
          <dd>{device.value?.name ?? opening.value}</dd>
        </div>
      </dl>
      {device.value?.software && (
        <Notice kind="warning" title="This is a software adapter.">
          No GPU is used: all work runs on the processor, perhaps a hundred times slower. It is enough for the
          sample. For more, turn on hardware acceleration in the browser’s settings, or use another device.
        </Notice>
      )}
      {isUnfinished() && (
        <Notice kind="info">
          A training that did not end is kept here: it can go on in <a href="#training">Training</a>.
        </Notice>
      )}
      {lost.value && (
        <div class="lost">
          <Notice kind="error" title="The GPU stopped.">
            <p>{lost.value}</p>
            <p>
              Your data and finished results are still here. A training that was going on can be resumed from
              its last checkpoint.
            </p>
            <button type="button" disabled={busy.value} onClick={startAgain}>
              Start again
            </button>
          </Notice>
        </div>
      )}
    </header>
  )
}

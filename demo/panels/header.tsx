import { loadModel, startAgain } from '../actions'
import { bundledModel } from '../client'
import { count } from '../parts/format'
import { FailureNotice, Notice } from '../parts/notice'
import { Progress } from '../parts/progress'
import { busy, device, lost, model, task } from '../state'

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
        Everything happens in this tab, on this device. Nothing is uploaded, and nothing is kept once you
        close it.
      </p>
      <dl class="setup">
        <div>
          <dt>GPU</dt>
          <dd>{device.value?.name ?? 'Opening…'}</dd>
        </div>
        <div>
          <dt>Model</dt>
          <dd>
            <ModelLine />
          </dd>
        </div>
      </dl>
      <FailureNotice stage="model" title="The model could not be loaded." />
      {device.value?.software && (
        <Notice kind="warning" title="This is a software adapter.">
          No GPU is used: all work runs on the processor, perhaps a hundred times slower. It is enough for the
          sample. For more, turn on hardware acceleration in the browser’s settings, or use another device.
        </Notice>
      )}
      {lost.value && (
        <div class="lost">
          <Notice kind="error" title="The GPU stopped.">
            <p>{lost.value}</p>
            <p>Your data and finished results are still here.</p>
            <button type="button" disabled={busy.value} onClick={startAgain}>
              Start again
            </button>
          </Notice>
        </div>
      )}
    </header>
  )
}

function ModelLine() {
  const now = model.value
  if (task.value?.stage === 'model') return <Progress stage="model" />
  return (
    <>
      <span>
        {now
          ? `${now.bundled ? 'Bundled demonstration model' : now.name}, ${millions(now.parameters)} weights, ${count(now.context)} tokens of context`
          : 'None yet'}
      </span>
      <span class="setup-actions">
        <label class="button quiet">
          Choose a model folder
          <input
            type="file"
            multiple
            disabled={busy.value}
            // The types of Preact do not know the attribute.
            {...{ webkitdirectory: true }}
            onChange={event => {
              const files = [...(event.currentTarget.files ?? [])]
              event.currentTarget.value = ''
              if (files.length > 0) void loadModel(files)
            }}
          />
        </label>
        {now && !now.bundled && (
          <button type="button" class="quiet" disabled={busy.value} onClick={() => loadModel(bundledModel)}>
            Use the bundled model
          </button>
        )}
      </span>
    </>
  )
}

const millions = (n: number) => (n < 1e6 ? count(n) : `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} M`)

import { useEffect, useRef } from 'preact/hooks'
import { chooseTemplate, loadBundled, lookUp, refreshShelf } from '../model-actions'
import { templateNames } from '../model-protocol'
import { choosing, dropped, facts } from '../model-state'
import { Breakable } from '../parts/breakable'
import { FolderDrop } from '../parts/folder-drop'
import { bytes, count, large } from '../parts/format'
import { storageLabels } from '../parts/format-names'
import { FailureNotice, Notice } from '../parts/notice'
import { Progress } from '../parts/progress'
import type { ModelInfo } from '../protocol'
import { busy, fail, lost, model } from '../state'
import { failureOf } from '../work'
import { HubForm } from './hub-form'
import { KeptModels } from './kept-models'
import { ModelFactsView } from './model-facts'

/** The model in use, in a line; below it, when the visitor wants another, where it can come from. */
export function ModelPanel() {
  const toggle = useRef<HTMLButtonElement>(null)
  const open = choosing.value
  const was = useRef(open)
  useEffect(() => {
    if (open) void refreshShelf()
    // What had the focus is gone.
    else if (was.current && document.activeElement === document.body) toggle.current?.focus()
    was.current = open
  }, [open])
  const now = model.value
  const others = busy.value || lost.value !== null
  return (
    <section class="panel model" id="model" aria-labelledby="model-title">
      <header class="model-line">
        <h2 id="model-title">Model</h2>
        <div class="model-now">
          <p>{now ? <Breakable name={nameOf(now)} /> : 'None yet'}</p>
          {now && <p class="hint">{describe(now)}</p>}
        </div>
        <button
          ref={toggle}
          type="button"
          class="quiet"
          aria-expanded={open}
          aria-controls="model-choice"
          onClick={() => {
            choosing.value = !open
          }}
        >
          {open ? 'Close' : 'Choose another'}
        </button>
      </header>
      {!open && <Progress stage="model" />}
      {dropped.value && <Notice kind="info">{dropped.value}</Notice>}
      {now && !now.bundled && <TemplateField model={now} />}
      {!open && <FailureNotice stage="model" title="The model could not be loaded." />}
      <div id="model-choice" class="model-choice" hidden={!open}>
        {open && (
          <>
            {now && !now.bundled && (
              <p>
                <button type="button" class="link" disabled={others} onClick={loadBundled}>
                  Go back to the bundled model
                </button>
              </p>
            )}
            <div class="columns">
              <HubForm disabled={others} />
              <FolderDrop
                label="A folder of yours"
                hint="With config.json, the weights as safetensors, and tokenizer.json"
                disabled={others}
                onFiles={files => {
                  const name = [...files.keys()][0]!.split('/')[0]!
                  void lookUp({ kind: 'folder', name, files })
                }}
                onError={error => fail('model', failureOf(error))}
              />
            </div>
            {facts.value ? (
              <ModelFactsView facts={facts.value} disabled={others} />
            ) : (
              <>
                <Progress stage="model" />
                <FailureNotice stage="model" title="This model could not be used." />
              </>
            )}
            <KeptModels disabled={others} />
          </>
        )}
      </div>
    </section>
  )
}

const nameOf = ({ name, bundled }: ModelInfo) => (bundled ? 'Bundled demonstration model' : name)

function describe({ bundled, parameters, context, storage, weightBytes }: ModelInfo): string {
  const as = storage === 'f32' ? '' : ` as ${storageLabels[storage]}`
  const size = bundled ? '' : ` (${bytes(weightBytes)})`
  const small = bundled ? ' Far too small to be of use: it shows how everything works.' : ''
  return `${large(parameters)} weights${as}${size}, ${count(context)} tokens of context.${small}`
}

const labels = {
  alpaca: 'Alpaca',
  vicuna: 'Vicuna 1.1',
  tulu: 'Tulu',
  zephyr: 'Zephyr',
  chatml: 'ChatML',
  llama3: 'Llama 3',
} as const

/** How conversations are written for the model. */
function TemplateField({ model: { ownTemplate, templates, template } }: { readonly model: ModelInfo }) {
  return (
    <div class="field template">
      <label for="template">Chat template</label>
      <select
        id="template"
        value={template ?? ''}
        disabled={busy.value}
        aria-describedby="template-hint"
        onChange={event => {
          const { value } = event.currentTarget
          void chooseTemplate(templateNames.find(name => name === value) ?? null)
        }}
      >
        {(ownTemplate || templates.length === 0) && (
          <option value="">{ownTemplate ? 'the model’s own' : 'none fits'}</option>
        )}
        {templates.map(name => (
          <option key={name} value={name}>
            {labels[name]}
          </option>
        ))}
      </select>
      <p class="hint" id="template-hint">
        {ownTemplate
          ? 'How questions and answers are written for it, in training too.'
          : 'It has none of its own: it was made to continue texts. Questions and answers are written like this, in training too.'}
      </p>
    </div>
  )
}

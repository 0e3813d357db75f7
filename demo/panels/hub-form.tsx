import { useSignal } from '@preact/signals'
import { endpoint } from '../hub'
import { lookUp } from '../model-actions'
import { facts, keepsToken, refusal, setToken, token } from '../model-state'
import { Notice } from '../parts/notice'

const examples = [
  'HuggingFaceTB/SmolLM2-135M-Instruct',
  'Qwen/Qwen2.5-0.5B-Instruct',
  'Qwen/Qwen3-0.6B',
  'google/gemma-3-270m-it',
  'meta-llama/Llama-3.2-1B-Instruct',
  'openai-community/gpt2',
  'EleutherAI/pythia-70m',
]

/** Where a model of the Hub is named. Nothing is asked for before it is looked up. */
export function HubForm({ disabled }: { readonly disabled: boolean }) {
  const id = useSignal('')
  const revision = useSignal('')
  const size = facts.value?.size
  const wantsToken =
    (refusal.value?.wantsToken ?? (size && 'unusable' in size && size.wantsToken)) || token.value !== ''
  return (
    <form
      class="hub-form"
      onSubmit={event => {
        event.preventDefault()
        void lookUp({
          kind: 'hub',
          id: id.value.trim(),
          revision: revision.value.trim() || null,
          token: token.value || null,
        })
      }}
    >
      <div class="field">
        <label for="hub-id">A model of the Hugging Face Hub</label>
        <div class="with-button">
          <input
            id="hub-id"
            type="text"
            required
            placeholder="owner/model"
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            aria-describedby="hub-id-hint"
            value={id.value}
            onInput={event => {
              id.value = event.currentTarget.value
            }}
          />
          <button type="submit" class="primary" disabled={disabled}>
            Look up
          </button>
        </div>
        <p class="hint" id="hub-id-hint">
          Looking up asks {new URL(endpoint).host} what the model is and takes; nothing is asked for before.
        </p>
      </div>
      <details>
        <summary>Small ones that work, and a revision</summary>
        <ul class="examples">
          {examples.map(example => (
            <li key={example}>
              <button
                type="button"
                class="link"
                onClick={() => {
                  id.value = example
                }}
              >
                {example}
              </button>
            </li>
          ))}
        </ul>
        <div class="field">
          <label for="hub-revision">Revision</label>
          <input
            id="hub-revision"
            type="text"
            placeholder="main"
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            aria-describedby="hub-revision-hint"
            value={revision.value}
            onInput={event => {
              revision.value = event.currentTarget.value
            }}
          />
          <p class="hint" id="hub-revision-hint">
            A branch, tag or commit.
          </p>
        </div>
      </details>
      {refusal.value && (
        <Notice kind="error" title="The Hub does not give it.">
          {refusal.value.message}
        </Notice>
      )}
      {wantsToken && <TokenField />}
    </form>
  )
}

function TokenField() {
  return (
    <div class="field">
      <label for="hub-token">Token of the Hub</label>
      <input
        id="hub-token"
        type="password"
        placeholder="hf_…"
        spellcheck={false}
        autocomplete="off"
        aria-describedby="hub-token-hint"
        value={token.value}
        onInput={event => setToken(event.currentTarget.value.trim(), keepsToken.value)}
      />
      <p class="hint" id="hub-token-hint">
        Of an account that may read the model. It is sent to the Hub only, and forgotten with this tab.
      </p>
      <label class="tick">
        <input
          type="checkbox"
          checked={keepsToken.value}
          onChange={event => setToken(token.value, event.currentTarget.checked)}
        />
        Keep it in this browser, for whoever uses it
      </label>
    </div>
  )
}

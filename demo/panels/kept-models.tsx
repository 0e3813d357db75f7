import { clearModels, lookUp, removeModel } from '../model-actions'
import type { KeptModel } from '../model-protocol'
import { shelf, token } from '../model-state'
import { Breakable } from '../parts/breakable'
import { bytes, counted } from '../parts/format'
import { model } from '../state'

/** The models in this browser, which work offline. */
export function KeptModels({ disabled }: { readonly disabled: boolean }) {
  const { models = [], free = null } = shelf.value ?? {}
  if (models.length === 0) return null
  const using = (kept: KeptModel) => {
    const now = model.value?.kept
    return now?.id === kept.id && now.commit === kept.commit
  }
  const total = models.reduce((sum, kept) => sum + kept.bytes, 0)
  return (
    <section class="kept-models" aria-labelledby="kept-title">
      <h3 id="kept-title">In this browser</h3>
      <ul>
        {models.map(kept => (
          <li key={`${kept.id} ${kept.commit}`}>
            <div>
              <b>
                <Breakable name={kept.id} />
              </b>
              <p class="hint">{describe(kept)}</p>
            </div>
            {using(kept) ? (
              <span class="muted">in use</span>
            ) : (
              <span class="buttons">
                <button
                  type="button"
                  class="quiet"
                  disabled={disabled}
                  aria-label={`${kept.complete ? 'Use' : 'Continue'} ${kept.id}`}
                  onClick={() => choose(kept)}
                >
                  {kept.complete ? 'Use' : 'Continue'}
                </button>
                <button
                  type="button"
                  class="quiet"
                  disabled={disabled}
                  aria-label={`Remove ${kept.id}`}
                  onClick={() => removeModel(kept)}
                >
                  Remove
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      <div class="actions">
        <button
          type="button"
          class="quiet"
          disabled={disabled || models.some(using)}
          onClick={() => {
            if (confirm(`Remove ${counted(models.length, 'model')}, ${bytes(total)}?`)) void clearModels()
          }}
        >
          Remove all
        </button>
        <p class="hint">
          {bytes(total)} together{free !== null && `, ${bytes(free)} are free`}. They work without a
          connection.
        </p>
      </div>
    </section>
  )
}

function choose({ id, commit, complete, revisions }: KeptModel): void {
  void lookUp(
    complete
      ? { kind: 'kept', id, commit }
      : { kind: 'hub', id, revision: revisions[0] ?? commit, token: token.value || null },
  )
}

const days = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

function describe({ bytes: here, size, complete, commit, revisions, lastUsed }: KeptModel): string {
  const which = revisions.includes('main') ? '' : `, ${revisions[0] ?? commit.slice(0, 12)}`
  const ago = lastUsed ? Math.round((lastUsed.getTime() - Date.now()) / 86_400_000) : null
  const used = ago === null ? '' : `, used ${days.format(ago, 'day')}`
  return complete ? `${bytes(here)}${which}${used}` : `${bytes(here)} of ${bytes(size)}, not finished${which}`
}

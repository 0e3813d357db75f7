import { useModel } from '../model-actions'
import { type ModelFacts, type ModelSize, READ_TOKENS } from '../model-protocol'
import { storage } from '../model-state'
import { ActionRow } from '../parts/action-row'
import { Breakable } from '../parts/breakable'
import { bytes, count, counted, large } from '../parts/format'
import { storageLabels } from '../parts/format-names'
import { FailureNotice, Notice } from '../parts/notice'
import { answers, scores } from '../state'
import { result } from '../training-state'

/** What a model is and takes, and the way to use it. */
export function ModelFactsView({
  facts,
  disabled,
}: {
  readonly facts: ModelFacts
  readonly disabled: boolean
}) {
  const { name, commit, license, page, gated, files, bytes: size, present, place } = facts
  const inside = facts.size
  const usable = 'needs' in inside
  const downloads = place.kind === 'hub' && present < size
  return (
    <section class="facts" aria-labelledby="facts-title">
      <h3 id="facts-title">
        <Breakable name={name} />
      </h3>
      <dl class="figures">
        <div>
          <dt>Licence</dt>
          <dd>
            {place.kind === 'folder' ? 'see its notes' : (license ?? 'its card names none')}
            {gated && <small>its terms have to be accepted on the Hub</small>}
          </dd>
        </div>
        <div>
          <dt>{place.kind === 'hub' ? 'Download' : 'Files'}</dt>
          <dd>
            {bytes(size)}
            {place.kind !== 'folder' && present > 0 && (
              <small>{present < size ? `${bytes(present)} of it are here` : 'all of it is here'}</small>
            )}
          </dd>
        </div>
        {usable && (
          <>
            <div>
              <dt>Weights</dt>
              <dd>
                {large(inside.parameters)} <small>{inside.architecture}</small>
              </dd>
            </div>
            <div>
              <dt>Context</dt>
              <dd>
                {count(inside.context)} <small>tokens</small>
              </dd>
            </div>
          </>
        )}
      </dl>
      {usable ? (
        <Storages size={inside} />
      ) : (
        <Notice kind="error" title={inside.wantsToken ? 'It needs a token.' : 'It cannot be used here.'}>
          {inside.unusable}
          {inside.wantsToken && '. The token has its field above; then look the model up again.'}
        </Notice>
      )}
      <details>
        <summary>{counted(files.length, 'file')}</summary>
        <ul class="file-list">
          {files.map(file => (
            <li key={file.path}>
              <code>{file.path}</code> <span class="muted">{bytes(file.bytes)}</span>
            </li>
          ))}
        </ul>
        {page && (
          <p class="hint">
            {page}
            {commit && `, commit ${commit.slice(0, 12)}`}
          </p>
        )}
      </details>
      {usable && (
        <ActionRow stage="model" hint={<Consequences facts={facts} downloads={downloads} />}>
          <button
            type="button"
            class="primary"
            disabled={disabled}
            onClick={() => useModel(facts, storage.value)}
          >
            {!downloads ? 'Use this model' : present > 0 ? 'Download the rest and use' : 'Download and use'}
          </button>
        </ActionRow>
      )}
      <FailureNotice stage="model" title="This model could not be used." />
    </section>
  )
}

/** What using the model does, beside using it. */
function Consequences({ facts, downloads }: { readonly facts: ModelFacts; readonly downloads: boolean }) {
  const drops = scores.value !== null || result.value !== null || answers.value !== null
  return (
    <>
      {downloads &&
        (facts.keeps
          ? 'It is kept in this browser, and works offline then. '
          : 'This browser keeps no files for this page, so it is downloaded each time. ')}
      {drops && 'Scores, adapter and answers of the present model are dropped: save what you need first.'}
    </>
  )
}

const about = {
  f32: 'exactly as in the file',
  f16: 'half the memory, nearly the same',
  int8: 'less, slightly coarser',
  int4: 'least, coarser',
} as const

/** What the model takes in each storage, and the choice of one. */
function Storages({ size }: { readonly size: ModelSize }) {
  const small = (value: number | null) => (value === null ? 'too large' : bytes(value))
  return (
    <div class="storages">
      <table>
        <caption>
          GPU memory, estimated
          <span class="hint"> The browser does not say how much the GPU has.</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Weights as</th>
            <th scope="col">Weights</th>
            <th scope="col">Reading {count(READ_TOKENS)} tokens</th>
            <th scope="col">Training</th>
          </tr>
        </thead>
        <tbody>
          {size.needs.map(({ storage: name, weights, reading, training }) => (
            <tr key={name}>
              <th scope="row">
                <label class="tick">
                  <input
                    type="radio"
                    name="storage"
                    checked={storage.value === name}
                    onChange={() => {
                      storage.value = name
                    }}
                  />
                  <span>
                    {storageLabels[name]} <span class="hint">{about[name]}</span>
                  </span>
                </label>
              </th>
              <td>{bytes(weights)}</td>
              <td>{bytes(reading)}</td>
              <td>{small(training)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">
        Training: with the usual options and pairs of the greatest length. Shorter texts and a smaller batch
        take less.
      </p>
    </div>
  )
}

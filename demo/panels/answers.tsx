import { useState } from 'preact/hooks'
import { answer } from '../actions'
import { ActionRow } from '../parts/action-row'
import { FailureNotice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { answers, busy, prompts, ready } from '../state'
import { result } from '../training-state'
import { AnswerFields } from './answer-fields'
import { Comparison } from './before-after'

export function AnswersPanel() {
  const [prompt, setPrompt] = useState<string | null>(null)
  const shown = prompt ?? prompts.value[0] ?? ''
  const trained = result.value !== null
  const given = answers.value
  const same = !busy.value && given?.after && given.after === given.before
  return (
    <Panel
      id="answers"
      number={5}
      title="Before and after"
      lead="What was measured before and after the training, and the same questions to the model as it was and as it is."
    >
      {result.value?.comparison && <Comparison comparison={result.value.comparison} />}
      <form
        onSubmit={event => {
          event.preventDefault()
          void answer(shown)
        }}
      >
        <div class="field">
          <label for="prompt">Question</label>
          <textarea
            id="prompt"
            rows={2}
            required
            value={shown}
            onInput={event => setPrompt(event.currentTarget.value)}
          />
        </div>
        {prompts.value.length > 1 && (
          <div class="field">
            <label for="prompt-choice">or one from the pairs</label>
            <select id="prompt-choice" onChange={event => setPrompt(event.currentTarget.value)}>
              {prompts.value.map(text => (
                <option key={text} value={text}>
                  {text.slice(0, 100)}
                </option>
              ))}
            </select>
          </div>
        )}
        <AnswerFields />
        <ActionRow
          stage="answers"
          stop="Stop"
          hint={!trained && 'Before a training only the model as it is answers.'}
        >
          <button type="submit" class="primary" disabled={!ready.value || shown.trim() === ''}>
            Answer
          </button>
        </ActionRow>
      </form>
      <FailureNotice stage="answers" title="There is no answer." />
      <div class="columns">
        <Answer title="Before" subtitle="as it was" text={answers.value?.before} />
        <Answer title="After" subtitle="trained" text={answers.value?.after} />
      </div>
      {same && <p class="hint">Both are the same: the training was too short to change this answer.</p>}
    </Panel>
  )
}

function Answer(props: {
  readonly title: string
  readonly subtitle: string
  readonly text: string | undefined
}) {
  const { title, subtitle, text } = props
  return (
    <section class="answer">
      <h3>
        {title} <span class="muted">{subtitle}</span>
      </h3>
      <p class="text">{text || <span class="muted">No answer yet.</span>}</p>
    </section>
  )
}

import { useState } from 'preact/hooks'
import { answer } from '../actions'
import { ActionRow } from '../parts/action-row'
import { EvaluationTable } from '../parts/evaluation-table'
import { FailureNotice } from '../parts/notice'
import { Panel } from '../parts/panel'
import { answers, busy, prompts, ready, result } from '../state'
import { AnswerFields } from './answer-fields'

export function AnswersPanel() {
  const [prompt, setPrompt] = useState<string | null>(null)
  const shown = prompt ?? prompts.value[0] ?? ''
  const trained = result.value !== null
  const { before, after } = result.value ?? {}
  const given = answers.value
  const same = !busy.value && given?.after && given.after === given.before
  return (
    <Panel
      id="answers"
      number={5}
      title="Before and after"
      lead="The same question to the model as it was and with the adapter, and how likely it finds the answers of the pairs."
    >
      {before && after && <EvaluationTable before={before} after={after} />}
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
          hint={!trained && 'Without a trained adapter only the model as it is answers.'}
        >
          <button type="submit" class="primary" disabled={!ready.value || shown.trim() === ''}>
            Answer
          </button>
        </ActionRow>
      </form>
      <FailureNotice stage="answers" title="There is no answer." />
      <div class="columns">
        <Answer title="Before" subtitle="adapter off" text={answers.value?.before} />
        <Answer title="After" subtitle="adapter on" text={answers.value?.after} />
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

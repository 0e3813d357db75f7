import type { AnswerChange, RunComparison } from '../../src/index'
import { ActionRow } from '../parts/action-row'
import { counted, percent, short } from '../parts/format'
import { FailureNotice } from '../parts/notice'
import { model, ready } from '../state'
import { judge } from '../training-actions'
import { result } from '../training-state'

/** What metrics are called where their names do not say it. */
const labels: Readonly<Record<string, string>> = {
  loss: 'Loss',
  'rewards/accuracies': 'Reward accuracy',
  'rewards/margins': 'Reward margin',
  'rewards/chosen': 'Reward of chosen answers',
  'rewards/rejected': 'Reward of rejected answers',
  'logps/chosen': 'Log-probability of chosen answers',
  'logps/rejected': 'Log-probability of rejected answers',
  mean_token_accuracy: 'Token accuracy',
  entropy: 'Entropy',
  perplexity: 'Perplexity',
  kl: 'KL divergence',
}

interface Line {
  readonly name: string
  readonly before: number | null
  readonly after: number | null
}

/** The model without and with what was trained. */
export function Comparison({ comparison }: { readonly comparison: RunComparison }) {
  const { metrics, lengths, answers } = comparison
  const shown = metrics.filter(({ name }) => Object.hasOwn(labels, name))
  const others = metrics.filter(({ name }) => !Object.hasOwn(labels, name) && !name.startsWith('lengths/'))
  return (
    <>
      <Table caption="Measured on what was held out, or else on what was trained on" lines={shown} />
      {others.length > 0 && (
        <details>
          <summary>{counted(others.length, 'more metric')}</summary>
          <Table caption="Under TRL’s names" lines={others} />
        </details>
      )}
      {lengths && (
        <p>
          Answers have {short(lengths.before.tokens.mean)} tokens on average before, and{' '}
          {short(lengths.after.tokens.mean)} after
          {lengths.growth !== null &&
            lengths.growth !== 0 &&
            `: ${percent(Math.abs(lengths.growth))} ${lengths.growth < 0 ? 'shorter' : 'longer'}`}
          .
          {lengths.after.cutOff + lengths.before.cutOff > 0 &&
            ` ${percent(lengths.before.cutOff)} of them were cut off before, ${percent(lengths.after.cutOff)} after.`}
        </p>
      )}
      {answers.length > 0 && (
        <details>
          <summary>{counted(answers.length, 'question')} answered before and after</summary>
          {answers.map((answer, n) => (
            <Answered key={n} answer={answer} />
          ))}
        </details>
      )}
      {answers.length > 0 && model.value?.noScores === null && <Judgement />}
    </>
  )
}

/** What the model's scorer thinks of the answers. */
function Judgement() {
  const winRate = result.value?.winRate
  return (
    <>
      {winRate && (
        <p>
          By the scores, the answer after is better {counted(winRate.wins, 'time')}, as good{' '}
          {counted(winRate.ties, 'time')}, worse {counted(winRate.losses, 'time')}: a win rate of{' '}
          <b>{percent(winRate.rate)}</b>, with 95 % between {percent(winRate.interval[0])} and{' '}
          {percent(winRate.interval[1])}.
        </p>
      )}
      <ActionRow
        stage="judging"
        hint={!model.value?.scorers && 'This model was not trained to score: what it says means little.'}
      >
        <button type="button" disabled={!ready.value} onClick={judge}>
          {winRate ? 'Score the answers again' : 'Let the scorer judge the answers'}
        </button>
      </ActionRow>
      <FailureNotice stage="judging" title="The answers could not be scored." />
    </>
  )
}

function Table({ caption, lines }: { readonly caption: string; readonly lines: readonly Line[] }) {
  return (
    <div class="scroll">
      <table class="numbers">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col" />
            <th scope="col">Before</th>
            <th scope="col">After</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ name, before, after }) => (
            <tr key={name}>
              <th scope="row">{labels[name] ?? name}</th>
              <td>{short(before)}</td>
              <td>{short(after)}</td>
              <td>{before === null || after === null ? '–' : signed(after - before)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const signed = (value: number) => `${value > 0 ? '+' : ''}${short(value)}`

function Answered({ answer: { prompt, before, after } }: { readonly answer: AnswerChange }) {
  const side = (title: string, answer: AnswerChange['before']) => (
    <section class="answer">
      <h3>
        {title} {'text' in answer && <span class="muted">{counted(answer.tokens, 'token')}</span>}
      </h3>
      <p class="text">{'text' in answer ? answer.text : <span class="muted">{answer.missing}</span>}</p>
    </section>
  )
  return (
    <div class="answered">
      <p class="text question">{prompt.at(-1)?.content}</p>
      <div class="columns">
        {side('Before', before)}
        {side('After', after)}
      </div>
    </div>
  )
}

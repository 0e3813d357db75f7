import type { AnswerChange, RunComparison } from '../../src/index'
import { counted, percent, short } from '../parts/format'

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

import type { Missing } from '../scoring/score'
import type { Answer } from './answers'
import type { RunComparison } from './compare-runs'
import { change, count, percent, short } from './report-numbers'
import type { WinRate } from './win-rate'

/** What metrics are called where their names do not say it. */
const labels: ReadonlyMap<string, string> = new Map([
  ['loss', 'Loss'],
  ['rewards/accuracies', 'Reward accuracy'],
  ['rewards/margins', 'Reward margin'],
  ['rewards/chosen', 'Reward of chosen answers'],
  ['rewards/rejected', 'Reward of rejected answers'],
  ['logps/chosen', 'Log-probability of chosen answers'],
  ['logps/rejected', 'Log-probability of rejected answers'],
  ['lengths/chosen', 'Tokens of chosen answers'],
  ['lengths/rejected', 'Tokens of rejected answers'],
  ['mean_token_accuracy', 'Token accuracy'],
  ['entropy', 'Entropy'],
  ['perplexity', 'Perplexity'],
  ['logits/chosen', 'Mean logit of chosen answers'],
  ['logits/rejected', 'Mean logit of rejected answers'],
  ['nll_loss', 'Loss of the chosen answers alone'],
  ['kl', 'KL divergence from the reference'],
  ['text/perplexity', 'Perplexity of the text'],
  ['word_perplexity', 'Perplexity by word'],
  ['byte_perplexity', 'Perplexity by byte'],
  ['bits_per_byte', 'Bits per byte'],
])

/** Metrics and lengths of two models in one table. */
export function ComparisonPart({ comparison }: { readonly comparison: RunComparison }) {
  const { before, after, metrics, lengths } = comparison
  const length = (name: string, of: (side: NonNullable<typeof lengths>['before']) => number) => ({
    name,
    label: name,
    before: of(lengths!.before),
    after: of(lengths!.after),
    change: of(lengths!.after) - of(lengths!.before),
  })
  const rows = [
    ...metrics.map(metric => ({
      ...metric,
      label: labels.get(metric.name.replace(/^eval_/, '')) ?? metric.name,
    })),
    ...(lengths
      ? [
          length('Mean tokens of an answer', side => side.tokens.mean),
          length('Median tokens of an answer', side => side.tokens.median),
          length('Mean characters of an answer', side => side.characters.mean),
          length('Share of answers cut off', side => side.cutOff),
        ]
      : []),
  ]
  return (
    <div class="card scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">{before}</th>
            <th scope="col">{after}</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.name}>
              <th scope="row">
                {row.label}
                {row.label !== row.name && <small>{row.name}</small>}
              </th>
              <td>{short(row.before)}</td>
              <td>{short(row.after)}</td>
              <td class="change">{change(row.change)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Who won how often by whose scores. */
export function WinRatePart(props: {
  readonly scorer: string
  readonly a: string
  readonly b: string
  readonly result: WinRate
}) {
  const { scorer, a, b, result } = props
  const { wins, ties, losses, missing, rate, interval, scores } = result
  const [low, high] = interval.map(percent)
  const cells = [
    [`${a} is better`, wins],
    ['equal', ties],
    [`${b} is better`, losses],
    ['without two scores', missing],
  ] as const
  return (
    <div class="card">
      <p>
        <b>{a}</b> beside <b>{b}</b>, each answer scored alone by <b>{scorer}</b>: wins and half of the ties
        are <b>{percent(rate)}</b>, with 95 % between {low} and {high}. Mean score {short(scores.a)} and{' '}
        {short(scores.b)}, difference {change(scores.difference)}.
      </p>
      <div class="scroll">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">Prompts</th>
              <th scope="col">How many</th>
              <th scope="col">Share</th>
            </tr>
          </thead>
          <tbody>
            {cells.map(([name, n]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{count(n)}</td>
                <td>{percent(n / result.pairs.length)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

/** Both models' answers to each prompt. */
export function AnswersPart({ comparison }: { readonly comparison: RunComparison }) {
  const { before, after, answers } = comparison
  return (
    <>
      {answers.map((one, i) => (
        <article key={i} class="pair card">
          {one.prompt.map(({ role, content }, n) => (
            <div key={n}>
              <h4>{role}</h4>
              <p class="text prompt">{content}</p>
            </div>
          ))}
          <div class="cards">
            <Written name={before} answer={one.before} />
            <Written name={after} answer={one.after} />
          </div>
        </article>
      ))}
    </>
  )
}

function Written({ name, answer }: { readonly name: string; readonly answer: Answer | Missing }) {
  if ('missing' in answer) {
    return (
      <div>
        <h4>{name}</h4>
        <p class="missing">No answer: {answer.missing}</p>
      </div>
    )
  }
  const cut = answer.reason === 'length' || answer.reason === 'context'
  return (
    <div>
      <h4>
        {name}, {count(answer.tokens)} tokens{cut && ', cut off'}
      </h4>
      {answer.text === '' ? <p class="missing">Nothing</p> : <p class="text">{answer.text}</p>}
    </div>
  )
}

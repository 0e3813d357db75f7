import type { Evaluation } from '../../src/index'
import { fixed, percent } from './format'

/** Mean log-probs of some pairs' answers, without and with the adapter. */
export function EvaluationTable({
  before,
  after,
}: {
  readonly before: Evaluation
  readonly after: Evaluation
}) {
  const margin = (e: Evaluation) => e['logps/chosen'] - e['logps/rejected']
  const line = (label: string, value: (e: Evaluation) => number) => (
    <tr>
      <th scope="row">{label}</th>
      <td>{fixed(value(before), 2)}</td>
      <td>{fixed(value(after), 2)}</td>
      <td>{change(value(after) - value(before))}</td>
    </tr>
  )
  return (
    <div class="scroll">
      <table class="numbers">
        <caption>Mean log-probability of an answer over {before.pairs} pairs, in nats</caption>
        <thead>
          <tr>
            <th scope="col" />
            <th scope="col">Before</th>
            <th scope="col">After</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {line('Chosen answers', e => e['logps/chosen'])}
          {line('Rejected answers', e => e['logps/rejected'])}
          {line('Chosen − rejected', margin)}
          <tr>
            <th scope="row">Pairs whose chosen answer is likelier</th>
            <td>{percent(before.accuracy)}</td>
            <td>{percent(after.accuracy)}</td>
            <td>{change(100 * (after.accuracy - before.accuracy), 0)} points</td>
          </tr>
        </tbody>
      </table>
    </div>
  )
}

const change = (value: number, digits = 2) => `${value > 0 ? '+' : ''}${fixed(value, digits)}`

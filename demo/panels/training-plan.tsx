import type { Distribution } from '../../src/index'
import { bytes, count, counted, fixed, percent } from '../parts/format'
import { ShownTokens } from '../parts/shown-tokens'
import type { TrainingPlan } from '../training-protocol'

/** What the training will be, before it starts. */
export function PlanView({ plan }: { readonly plan: TrainingPlan }) {
  const { report, trained, heldOut, steps, stepsPerEpoch, parameters, weightBytes, peakBytes, example } = plan
  return (
    <div class="plan">
      <dl class="figures">
        <Figure title="To train on" small={`${count(heldOut)} held out`}>
          {count(trained)}
        </Figure>
        <Figure title="Steps" small={`${count(stepsPerEpoch)} an epoch`}>
          {count(steps)}
        </Figure>
        <Figure title="Trained values">{count(parameters)}</Figure>
        <Figure title="GPU memory at most" small={`${bytes(weightBytes)} are the model`}>
          {bytes(peakBytes)}
        </Figure>
      </dl>
      {plan.notes.map(note => (
        <p key={note} class="hint">
          {note}.
        </p>
      ))}
      <Data report={report} />
      {report.dropped > 0 && <Dropped plan={plan} />}
      <details>
        <summary>One example as the model sees it</summary>
        <ShownTokens example={example} />
      </details>
    </div>
  )
}

function Figure(props: { readonly title: string; readonly small?: string; readonly children: string }) {
  const { title, small, children } = props
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        {children} {small && <small>({small})</small>}
      </dd>
    </div>
  )
}

/** Lengths, and what they mean for the training. */
function Data({ report }: Pick<TrainingPlan, 'report'>) {
  const { tokens, trainedTokens, truncated, prompts, answers, pairs, desirable, kept } = report
  return (
    <details>
      <summary>
        {counted(tokens, 'token')} an epoch, {count(trainedTokens)} of them trained
        {truncated > 0 && `; ${counted(truncated, 'example')} cut to fit`}
      </summary>
      <div class="scroll">
        <table class="numbers">
          <caption>Lengths in tokens</caption>
          <thead>
            <tr>
              <th scope="col" />
              <th scope="col">least</th>
              <th scope="col">median</th>
              <th scope="col">nine of ten below</th>
              <th scope="col">most</th>
              <th scope="col">mean</th>
            </tr>
          </thead>
          <tbody>
            <Lengths title="prompts" of={prompts} />
            <Lengths title={pairs ? 'chosen answers' : 'answers'} of={answers} />
            {pairs && <Lengths title="rejected answers" of={pairs.rejected} />}
            {pairs && <Lengths title="chosen − rejected" of={pairs.lengthDifference} />}
          </tbody>
        </table>
      </div>
      {pairs && (
        <p class="hint">
          The chosen answer is the longer one in {percent(pairs.chosenLonger)} of the pairs.
          {Math.abs(pairs.lengthDifference.mean) > 0.1 * answers.mean &&
            ' A loss that sums over tokens, as DPO, learns length from that too; SamPO does not.'}
        </p>
      )}
      {desirable !== null && (
        <p class="hint">
          {count(desirable)} answers are good, {count(kept - desirable)} are bad.
        </p>
      )}
    </details>
  )
}

function Lengths({ title, of }: { readonly title: string; readonly of: Distribution }) {
  const { min, median, p90, max, mean } = of
  return (
    <tr>
      <th scope="row">{title}</th>
      {[min, median, p90, max].map((value, n) => (
        <td key={n}>{fixed(value, Number.isInteger(value) ? 0 : 1)}</td>
      ))}
      <td>{fixed(mean, 1)}</td>
    </tr>
  )
}

function Dropped({ plan: { report, dropped } }: { readonly plan: TrainingPlan }) {
  return (
    <details>
      <summary>
        {counted(report.dropped, 'example')} cannot be trained on (
        {report.causes.map(({ cause, count: n }) => `${count(n)} ${cause}`).join(', ')})
      </summary>
      <ul class="problems">
        {dropped.map(({ index, reason }, n) => (
          <li key={n}>
            <span>
              <b>{index}</b>: {reason}
            </span>
          </li>
        ))}
        {report.dropped > dropped.length && <li>and {count(report.dropped - dropped.length)} more</li>}
      </ul>
    </details>
  )
}

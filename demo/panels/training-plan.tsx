import { bytes, count, counted } from '../parts/format'
import type { TokenExample, TrainingPlan } from '../protocol'

/** What the training will be, before it starts. */
export function PlanView({ plan }: { readonly plan: TrainingPlan }) {
  const { pairs, truncated, dropped, tokens, maxLength, steps, stepsPerEpoch, parameters } = plan
  return (
    <div class="plan">
      <dl class="figures">
        <div>
          <dt>Pairs to train on</dt>
          <dd>{count(pairs)}</dd>
        </div>
        <div>
          <dt>Steps</dt>
          <dd>
            {count(steps)} <small>({count(stepsPerEpoch)} an epoch)</small>
          </dd>
        </div>
        <div>
          <dt>Trained values</dt>
          <dd>{count(parameters)}</dd>
        </div>
        <div>
          <dt>GPU memory at most</dt>
          <dd>
            {bytes(plan.peakBytes)} <small>({bytes(plan.weightBytes)} are the model)</small>
          </dd>
        </div>
      </dl>
      <p class="muted">
        {counted(tokens, 'token')} an epoch, prompts and both answers.
        {truncated > 0 &&
          ` ${counted(truncated, 'pair')} with more than ${count(maxLength)} tokens will lose the end.`}
      </p>
      {dropped.length > 0 && (
        <details>
          <summary>{counted(dropped.length, 'pair')} cannot be trained on</summary>
          <ul class="problems">
            {dropped.map(({ index, reason }) => (
              <li key={index}>
                <span>
                  <b>pair {index}</b>: {reason}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <details>
        <summary>One pair as the model sees it</summary>
        <Example example={plan.example} />
      </details>
    </div>
  )
}

function Example({ example: { index, prompt, chosen, rejected } }: { readonly example: TokenExample }) {
  return (
    <div class="example">
      <p class="muted">Pair {index}. Only the marked tokens are trained on; the rest is read.</p>
      <h4>Prompt</h4>
      <p class="text tokens">{prompt}</p>
      <div class="columns">
        <Tokens title="Chosen" pieces={chosen} kind="kept" />
        <Tokens title="Rejected" pieces={rejected} kind="invalid" />
      </div>
    </div>
  )
}

function Tokens(props: {
  readonly title: string
  readonly pieces: readonly string[]
  readonly kind: string
}) {
  const { title, pieces, kind } = props
  return (
    <div>
      <h4>
        {title}, {counted(pieces.length, 'token')}
      </h4>
      <p class={`text tokens ${kind}`}>
        {pieces.map((piece, n) => (
          <mark key={n}>{piece}</mark>
        ))}
      </p>
    </div>
  )
}

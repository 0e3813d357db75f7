import type { DataReport, Distribution } from '../training/data-report'
import type { ShownExample, ShownToken } from '../training/shown-example'
import { count, counted, percent, short } from './report-numbers'
import { withoutFolders } from './report-words'

/** What was read, what was left out and why, how long it is, and how the model sees an example. */
export function DataPart(props: {
  readonly name: string
  readonly report: DataReport
  readonly heldOut?: number
  readonly example?: ShownExample
}) {
  const { name, report, heldOut = 0, example } = props
  const { read, kept, dropped, causes, truncated, tokens, trainedTokens, pairs, desirable } = report
  return (
    <>
      <div class="card">
        <p>
          <b>{withoutFolders(name, 1)}</b>: {count(kept - heldOut)} of {counted(read, 'example')} trained on,{' '}
          {heldOut > 0 && `${count(heldOut)} held out, `}
          {count(dropped)} left out, {count(truncated)} cut to fit. {counted(tokens, 'token')}
          {heldOut > 0 && ' with those held out'}, {count(trainedTokens)} of them in the loss.
          {desirable !== null && ` ${count(desirable)} of the answers are desirable.`}
          {pairs && ` The chosen answer is the longer one in ${percent(pairs.chosenLonger)} of the pairs.`}
        </p>
        {causes.length > 0 && (
          <ul>
            {causes.map(({ cause, count: times, example: first }) => (
              <li key={cause}>
                {cause}: {count(times)}, the first at {first.index} ({first.reason})
              </li>
            ))}
          </ul>
        )}
        <Lengths report={report} />
      </div>
      {example && <Example example={example} />}
    </>
  )
}

function Lengths({ report: { prompts, answers, pairs } }: { readonly report: DataReport }) {
  const rows: (readonly [string, Distribution])[] = [
    ['Prompts', prompts],
    [pairs ? 'Chosen answers' : 'Trained', answers],
    ...(pairs
      ? [
          ['Rejected answers', pairs.rejected] as const,
          ['Chosen − rejected', pairs.lengthDifference] as const,
        ]
      : []),
  ]
  return (
    <div class="scroll">
      <table class="numbers">
        <caption>Lengths in tokens</caption>
        <thead>
          <tr>
            <th scope="col">Part</th>
            {['Least', 'Median', '90 %', 'Most', 'Mean'].map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, { min, median, p90, max, mean }]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{short(min)}</td>
              <td>{short(median)}</td>
              <td>{short(p90)}</td>
              <td>{short(max)}</td>
              <td>{short(mean)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Example({ example: { index, sequences } }: { readonly example: ShownExample }) {
  return (
    <>
      <h3>Example {index} as the model sees it; what is marked is trained</h3>
      <div class="cards">
        {sequences.map(({ name, prompt, answer }) => (
          <div key={name}>
            <h4>{name}</h4>
            <p class="text">
              {stretches([...prompt, ...answer]).map(({ text, trained }, i) =>
                trained ? (
                  <mark key={i} class="trained">
                    {text}
                  </mark>
                ) : (
                  text
                ),
              )}
            </p>
          </div>
        ))}
      </div>
    </>
  )
}

/** Neighbouring tokens that are trained, or are not, as one text. */
function stretches(tokens: readonly ShownToken[]): ShownToken[] {
  const joined: ShownToken[] = []
  for (const { text, trained } of tokens) {
    const last = joined.at(-1)
    if (last?.trained === trained) joined[joined.length - 1] = { text: last.text + text, trained }
    else joined.push({ text, trained })
  }
  return joined
}

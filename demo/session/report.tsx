import { renderToString } from 'preact-render-to-string'
import { exchanges, type RowFile } from '../../src/index'
import { bytes, count, counted, duration, fixed } from '../parts/format'
import { storageLabels } from '../parts/format-names'
import { Histogram } from '../parts/histogram'
import type { AnswerPair, FileSummary } from '../protocol'
import chartStyle from '../style/charts.css?inline'
import colorStyle from '../style/colors.css?inline'
import reportStyle from '../style/report.css?inline'
import type { Selected } from './curation'
import { type Results, usedOptions } from './outputs'
import type { Input, Trained } from './results'

/** Rows listed in full; `selection.jsonl` has all of them. */
const LISTED = 200

/** The results as one page that needs no other file and loads none. */
export function report(results: Results): string {
  const { gpu, model, rows, pairs, selected, trained, answers } = results
  const { cuts = {}, pins, ...options } = usedOptions(results)
  const body = renderToString(
    <main>
      <h1>tabtune report</h1>
      <dl class="facts">
        <dt>Model</dt>
        <dd>
          {model.name}, {count(model.parameters)} weights
          {model.storage !== 'f32' && ` as ${storageLabels[model.storage]}`}
          {model.template && `, chat template ${model.template}`}
        </dd>
        <dt>GPU</dt>
        <dd>
          {gpu.adapterName}
          {gpu.software && ' (software)'}
        </dd>
      </dl>
      <h2>Data</h2>
      {rows && <FileRead noun="row" input={rows} />}
      {pairs && <FileRead noun="pair" input={pairs} />}
      {selected && (
        <>
          <h2>Scores</h2>
          {!model.scorers && (
            <p>
              The model has no adapters that were trained to score: it scored as it is, which says little.
            </p>
          )}
          <div class="charts">
            {selected.summary.distributions.map(distribution => (
              <Histogram
                key={distribution.key}
                distribution={distribution}
                cut={cuts[distribution.key] ?? null}
              />
            ))}
          </div>
          <p class="key">
            <span class="swatch kept" /> kept <span class="swatch" /> all
          </p>
        </>
      )}
      {rows && selected && <SelectionPart file={rows.file} selected={selected} />}
      {trained && <TrainingPart trained={trained} />}
      {answers.length > 0 && <Answers answers={answers} />}
      <h2>Options</h2>
      <dl class="facts">
        {Object.entries(options).map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{typeof value === 'object' ? JSON.stringify(value) : String(value)}</dd>
          </>
        ))}
        {Object.entries(cuts).map(([name, cut]) => (
          <>
            <dt>cut of {name}</dt>
            <dd>{cut}</dd>
          </>
        ))}
        {pins && (
          <>
            <dt>rows pinned</dt>
            <dd>
              kept: {pins.keep.join(', ') || 'none'}; left out: {pins.drop.join(', ') || 'none'}
            </dd>
          </>
        )}
      </dl>
    </main>,
  )
  const style = [colorStyle, chartStyle, reportStyle].join('\n')
  const policy = "default-src 'none'; style-src 'unsafe-inline'"
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>tabtune report</title>
<style>${style}</style>
</head>
<body>${body}</body>
</html>
`
}

function FileRead({
  noun,
  input,
}: {
  readonly noun: string
  readonly input: Pick<Input<unknown>, 'summary'>
}) {
  const { name, bytes: size, container, format, usable, total, problems }: FileSummary = input.summary
  const unread = total - usable
  return (
    <section>
      <p>
        <b>{name}</b> ({bytes(size)}, {container}, {format}): {count(usable)} of {counted(total, noun)} can be
        used.
      </p>
      {unread > 0 && (
        <ul>
          {problems.map(({ index, line, reason }) => (
            <li key={index}>
              {noun} {index}
              {line !== undefined && `, line ${line}`}: {reason}
            </li>
          ))}
          {unread > problems.length && <li>and {count(unread - problems.length)} more</li>}
        </ul>
      )}
    </section>
  )
}

function SelectionPart({ file, selected }: { readonly file: RowFile; readonly selected: Selected }) {
  const { counts, total, budget, choice } = selected.summary
  const rows = new Map(file.rows.map(row => [row.index, row]))
  const byRow = new Map(selected.records().map(record => [record.row, record]))
  const { kept } = selected.selection
  return (
    <>
      <h2>Selection</h2>
      <p>
        {count(counts.kept)} of {counted(total, 'row')} kept, with a budget of {count(budget)} and a
        similarity of at most {choice.threshold}. {count(counts.similar)} too similar to a better one,{' '}
        {count(counts['beyond budget'])} beyond the budget, {count(counts.duplicate)} copies,{' '}
        {count(counts.excluded)} left out, {count(counts.invalid)} invalid, {count(counts.unreadable)}{' '}
        unreadable. Rows are counted from 0.
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Rank</th>
            <th scope="col">Row</th>
            <th scope="col">Score</th>
            <th scope="col">Instruction</th>
          </tr>
        </thead>
        <tbody>
          {kept.slice(0, LISTED).map((index, rank) => (
            <tr key={index}>
              <td>{rank + 1}</td>
              <td>{index}</td>
              <td>{fixed(byRow.get(index)?.score ?? null, 2)}</td>
              <td class="text">{exchanges(rows.get(index)!)[0]?.instruction.slice(0, 300)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {kept.length > LISTED && <p>And {count(kept.length - LISTED)} more, in selection.jsonl.</p>}
    </>
  )
}

function TrainingPart({ trained }: { readonly trained: Trained }) {
  const { steps, stopped, totalSteps, seconds } = trained.result
  return (
    <>
      <h2>Training</h2>
      <p>
        {counted(steps.length, 'step')}
        {stopped && ` of ${totalSteps} (stopped early)`} in {duration(seconds)}, loss{' '}
        {fixed(steps[0]?.loss ?? null, 4)} → {fixed(steps.at(-1)?.loss ?? null, 4)}. All of it is in
        training-report.html.
      </p>
    </>
  )
}

function Answers({ answers }: { readonly answers: readonly AnswerPair[] }) {
  return (
    <>
      <h2>Before and after</h2>
      {answers.map(({ prompt, before, after }) => (
        <section key={prompt} class="answers">
          <h3 class="text">{prompt}</h3>
          <div>
            <h4>Before</h4>
            <p class="text">{before}</p>
          </div>
          <div>
            <h4>After</h4>
            <p class="text">{after}</p>
          </div>
        </section>
      ))}
    </>
  )
}

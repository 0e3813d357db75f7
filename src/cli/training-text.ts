import {
  answerLengths,
  type DataEvent,
  type EvaluatedRun,
  type RunComparison,
  type ShownExample,
} from '../index'
import { aligned } from './comparison-table'

const number = (value: number): string =>
  Number.isSafeInteger(value)
    ? String(value)
    : Math.abs(value) < 1e-3
      ? value.toExponential(2)
      : String(Number(value.toPrecision(4)))

/** What there is to train on, and one example as the model sees it, for a terminal. */
export function dataText(name: string, { data, example, isHeldOut, totalSteps }: DataEvent): string {
  const { report, heldOut, examples, maxLength, notes } = data
  const { pairs, desirable, prompts, answers } = report
  const spread = (label: string, { min, median, max }: typeof prompts) =>
    `${label} ${number(min)} to ${number(max)} tokens, median ${number(median)}`
  const lines = [
    `${name}: ${report.read} read, ${report.dropped} dropped, ${report.truncated} cut to ${maxLength} tokens`,
    ...notes,
    `${examples.length} to train on in ${totalSteps} step${totalSteps === 1 ? '' : 's'}, ${isHeldOut ? `${heldOut.length} held out` : 'none held out'}`,
    [
      spread('prompts', prompts),
      spread(pairs ? 'chosen answers' : 'trained tokens', answers),
      ...(pairs ? [spread('rejected answers', pairs.rejected)] : []),
    ].join('; '),
    ...(pairs
      ? [`the chosen answer is the longer one in ${Math.round(100 * pairs.chosenLonger)} % of the pairs`]
      : []),
    ...(desirable === null ? [] : [`${desirable} of ${report.kept} answers are good ones`]),
    ...report.causes.map(
      ({ cause, count, example: { index, reason } }) =>
        `dropped: ${count}, ${cause}; number ${index}: ${reason}`,
    ),
    `number ${example.index} as the model sees it, what is trained between « and »:`,
    ...exampleLines(example),
  ]
  return `${lines.join('\n')}\n\n`
}

/** Runs of tokens that are trained stand between marks; line breaks are written out. */
function exampleLines({ sequences }: ShownExample): string[] {
  return sequences.map(({ name, prompt, answer }) => {
    let text = ''
    let isTrained = false
    for (const token of [...prompt, ...answer]) {
      if (token.trained !== isTrained) text += token.trained ? '«' : '»'
      isTrained = token.trained
      text += token.text
    }
    return `  ${name}: ${(text + (isTrained ? '»' : '')).replaceAll('\n', '\\n')}`
  })
}

/** What was measured, for a terminal. */
export const metricsText = ({ name, metrics, answers = [] }: EvaluatedRun): string => {
  const rows = Object.entries(metrics).map(([metric, value]) => [
    metric,
    value === null ? '-' : number(value),
  ])
  const lengths = answers.length > 0 ? answerLengths(answers) : null
  const length = lengths ? [['tokens of an answer', number(lengths.tokens.mean)]] : []
  return `${aligned([['', name], ...rows, ...length]).join('\n')}\n`
}

/** Before and after, side by side, for a terminal. */
export function comparisonText({ before, after, metrics, lengths }: RunComparison): string {
  const cell = (value: number | null) => (value === null ? '-' : number(value))
  const rows = metrics.map(metric => [
    metric.name,
    cell(metric.before),
    cell(metric.after),
    cell(metric.change),
  ])
  const answers = lengths && [
    'tokens of an answer',
    ...[lengths.before.tokens.mean, lengths.after.tokens.mean].map(cell),
    lengths.growth === null ? '-' : `${(100 * lengths.growth).toFixed(1)} %`,
  ]
  return `${aligned([['', before, after, 'change'], ...rows, ...(answers ? [answers] : [])]).join('\n')}\n`
}

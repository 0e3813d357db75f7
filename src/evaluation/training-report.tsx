import { sha256 } from '@noble/hashes/sha2.js'
import type { ComponentChildren } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { DataReport } from '../training/data-report'
import type { ShownExample } from '../training/shown-example'
import { isOwnReference, type RunComparison } from './compare-runs'
import { ReportChart } from './report-chart'
import { chartsOf, type StepRecord } from './report-charts'
import { AnswersPart, ComparisonPart, WinRatePart } from './report-comparison'
import { DataPart } from './report-data'
import { count, counted, duration, percent, short } from './report-numbers'
import { reportStyle } from './report-style'
import { inWords, withoutFolders } from './report-words'
import type { WinRate } from './win-rate'

/** What a report tells; whatever is left out has no part in it. */
export interface ReportContent {
  /** Default: "Training report". */
  readonly title?: string
  /** Hub id, folder or address of the model that was trained; of folders the last two parts are shown. */
  readonly model: string
  readonly adapter?: string
  readonly recipe?: string
  /** Name of the GPU. */
  readonly device?: string
  readonly date: Date
  /** How long the training took. */
  readonly seconds?: number
  /** The training's steps in order, numbers by TRL's names; evaluations on the way may stand between them. */
  readonly steps: readonly StepRecord[]
  /** Whether it was ended before its last step. */
  readonly stopped?: boolean
  /** The options that were used. */
  readonly options?: Readonly<Record<string, unknown>>
  /** The data's file, of which the name is shown, and what was made of it. */
  readonly data?: {
    readonly name: string
    readonly report: DataReport
    /** How many of the kept examples are not trained on, but measured with. Default: none. */
    readonly heldOut?: number
    readonly example?: ShownExample
  }
  /** The model without and with what was trained. */
  readonly comparison?: RunComparison
  /** How a scorer, by its name, found answers of `a` beside those of `b`. */
  readonly winRate?: {
    readonly scorer: string
    readonly a: string
    readonly b: string
    readonly result: WinRate
  }
}

/**
 * What came of a training as one HTML file: nothing else is needed to read it, it loads and sends nothing, and has no
 * script. Texts that it is given are shown as they are, never as part of the page.
 */
export function trainingReport(content: ReportContent): string {
  const { title = 'Training report' } = content
  const policy = `default-src 'none'; style-src 'sha256-${digest(reportStyle)}'; base-uri 'none'; form-action 'none'`
  // A style is no text to HTML: its quotes must stay quotes. It is our own constant.
  const page = renderToString(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policy} />
        <meta name="referrer" content="no-referrer" />
        <meta name="viewport" content="width=device-width" />
        <title>{title}</title>
        <style dangerouslySetInnerHTML={{ __html: reportStyle }} />
      </head>
      <body>
        <Page title={title} content={content} />
      </body>
    </html>,
  )
  return `<!doctype html>\n${page}\n`
}

function Page({ title, content }: { readonly title: string; readonly content: ReportContent }) {
  const { steps, data, comparison, winRate, options } = content
  const charts = chartsOf(steps)
  return (
    <main>
      <header>
        <h1>{title}</h1>
        <p class="lead">{content.date.toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
        <Facts facts={factsOf(content)} />
        <Tiles content={content} />
      </header>
      {charts.length > 0 && (
        <Part title="Training">
          <div class="cards">
            {charts.map(chart => (
              <ReportChart key={chart.title} chart={chart} />
            ))}
          </div>
        </Part>
      )}
      {comparison && comparison.metrics.length + (comparison.lengths ? 1 : 0) > 0 && (
        <Part title="Before and after">
          <ComparisonPart comparison={comparison} />
        </Part>
      )}
      {winRate && (
        <Part title="Win rate">
          <WinRatePart {...winRate} />
        </Part>
      )}
      {comparison && comparison.answers.length > 0 && (
        <Part title="Answers">
          <AnswersPart comparison={comparison} />
        </Part>
      )}
      {data && (
        <Part title="Data">
          <DataPart {...data} />
        </Part>
      )}
      {options && Object.keys(options).length > 0 && (
        <Part title="Options">
          <div class="card">
            <Facts facts={Object.entries(options).map(([name, value]) => [name, inWords(value)])} />
          </div>
        </Part>
      )}
      <footer>Made by tabtune. This page holds all that it shows: it has no script and loads nothing.</footer>
    </main>
  )
}

function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

type Fact = readonly [name: string, value: string]

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.flatMap(([name, value]) => [
        <dt key={`${name} name`}>{name}</dt>,
        <dd key={`${name} value`}>{value}</dd>,
      ])}
    </dl>
  )
}

function factsOf({ model, adapter, recipe, device, steps, stopped, seconds }: ReportContent): Fact[] {
  const last = steps.findLast(({ totalSteps }) => typeof totalSteps === 'number')
  const done = steps.findLast(({ step }) => typeof step === 'number')?.step ?? steps.length
  const of = stopped && last ? ` of ${count(Number(last.totalSteps))}, ended early` : ''
  const facts: (readonly [string, string | undefined])[] = [
    ['Model', withoutFolders(model)],
    ['Adapter', adapter === undefined ? undefined : withoutFolders(adapter)],
    ['Recipe', recipe],
    ['GPU', device],
    ['Steps', steps.length === 0 ? undefined : `${count(Number(done))}${of}`],
    ['Time', seconds === undefined ? undefined : duration(seconds)],
  ]
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

/** The few numbers that say most. */
function Tiles({ content: { steps, comparison, winRate, data } }: { readonly content: ReportContent }) {
  const tile = (name: string, value: string, note = '') => ({ name, value, note })
  const firstLast = (key: string) => {
    const values = steps.map(record => record[key]).filter(isNumber)
    return values.length < 2 ? null : ([values[0]!, values.at(-1)!] as const)
  }
  const loss = firstLast('loss')
  const accuracy = firstLast('rewards/accuracies')
  const first = steps.find(record => isNumber(record['rewards/accuracies']))
  const begun = accuracy && (isOwnReference(first!) ? '–' : percent(accuracy[0]))
  const lengths = comparison?.lengths
  const tiles = [
    loss && tile('Loss, first and last step', `${short(loss[0])} → ${short(loss[1])}`),
    accuracy && tile('Reward accuracy', `${begun} → ${percent(accuracy[1])}`, 'in training'),
    lengths?.growth != null &&
      tile(
        'Length of answers',
        `${lengths.growth > 0 ? '+' : ''}${percent(lengths.growth)}`,
        `${short(lengths.before.tokens.mean)} → ${short(lengths.after.tokens.mean)} tokens`,
      ),
    winRate &&
      tile(
        `Win rate of ${winRate.a}`,
        percent(winRate.result.rate),
        `95 %: ${percent(winRate.result.interval[0])} to ${percent(winRate.result.interval[1])}`,
      ),
    data &&
      tile(
        'Trained on',
        counted(data.report.kept - (data.heldOut ?? 0), 'example'),
        `${data.heldOut ? `${count(data.heldOut)} held out, ` : ''}${count(data.report.dropped)} left out`,
      ),
  ].filter(one => one !== null && one !== false && one !== undefined)
  if (tiles.length === 0) return null
  return (
    <dl class="tiles">
      {tiles.map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
          {note !== '' && <dd>{note}</dd>}
        </div>
      ))}
    </dl>
  )
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** SHA-256 in base64, as a content security policy names a style. */
function digest(text: string): string {
  return btoa(String.fromCharCode(...sha256(new TextEncoder().encode(text))))
}

import { AnswersPanel } from './panels/answers'
import { DataPanel } from './panels/data'
import { DownloadsPanel } from './panels/downloads'
import { Header } from './panels/header'
import { ModelPanel } from './panels/model'
import { ScoresPanel } from './panels/scores'
import { SelectionPanel } from './panels/selection'
import { TrainingPanel } from './panels/training'
import {
  announcement,
  answers,
  outputs,
  pairs,
  rows,
  type Stage,
  scores,
  selection,
  task,
  unavailable,
} from './state'
import { result } from './training-state'

export function App() {
  if (unavailable.value) return <Unavailable message={unavailable.value.message} />
  return (
    <>
      <a class="skip" href="#data">
        Skip to the data
      </a>
      <Header />
      <Nav />
      <main>
        <ModelPanel />
        <DataPanel />
        <ScoresPanel />
        <SelectionPanel />
        <TrainingPanel />
        <AnswersPanel />
        <DownloadsPanel />
      </main>
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  )
}

interface Stop {
  readonly id: string
  readonly label: string
  readonly stages: readonly Stage[]
  readonly done: boolean
}

/** The way through the page, and how far it is gone. */
function Nav() {
  const stops: readonly Stop[] = [
    { id: 'data', label: 'Data', stages: ['rows', 'pairs'], done: (rows.value ?? pairs.value) !== null },
    { id: 'scores', label: 'Scores', stages: ['scores'], done: scores.value !== null },
    { id: 'selection', label: 'Selection', stages: ['selection'], done: selection.value !== null },
    {
      id: 'training',
      label: 'Training',
      stages: ['training', 'plan', 'labelled', 'kept'],
      done: result.value !== null,
    },
    { id: 'answers', label: 'Answers', stages: ['answers', 'judging'], done: Boolean(answers.value?.after) },
    { id: 'downloads', label: 'Files', stages: ['files', 'export'], done: outputs.value.length > 0 },
  ]
  const running = task.value?.stage
  return (
    <nav class="steps" aria-label="Steps">
      <ol>
        {stops.map(({ id, label, stages, done }) => {
          const active = running !== undefined && stages.includes(running)
          return (
            <li key={id}>
              <a href={`#${id}`} class={active ? 'active' : done ? 'done' : ''}>
                <span class="mark" aria-hidden="true" />
                {label}
                <span class="visually-hidden">{active ? ', running' : done ? ', done' : ''}</span>
              </a>
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

function Unavailable({ message }: { readonly message: string }) {
  return (
    <main class="unavailable">
      <h1>tabtune needs WebGPU</h1>
      <p>{message}</p>
      <h2>What you can do</h2>
      <ul>
        <li>Use a current Chrome, Edge or Safari, or Firefox 141 or later, and let it update itself.</li>
        <li>Turn on hardware acceleration in the browser’s settings, then restart the browser.</li>
        <li>Open this page over https, or from localhost: browsers offer the GPU nowhere else.</li>
        <li>
          Without a page: <code>npx tabtune run --rows FILE --pairs FILE --out DIR</code> does the same job in
          Node.
        </li>
      </ul>
      <button type="button" class="primary" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  )
}

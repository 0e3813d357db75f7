import { cancel } from '../actions'
import { type Stage, task } from '../state'
import { duration, percent } from './format'

/** The progress of the work in a part of the page, while there is any. */
export function Progress(props: {
  readonly stage: Stage
  readonly stop?: string
  /** What the button is called once it was pressed, where pressing it again does more. */
  readonly again?: string
}) {
  const { stage, stop = 'Cancel', again } = props
  const now = task.value
  if (now?.stage !== stage) return null
  const { label, fraction, note, secondsLeft, cancelling } = now
  return (
    <div class="progress">
      <div class="progress-text">
        <span>{cancelling && !again ? 'Cancelling…' : `${label}…`}</span>
        <span class="muted">
          {note ?? (fraction !== null && percent(fraction))}
          {secondsLeft !== null && `, about ${duration(secondsLeft)} left`}
        </span>
      </div>
      <progress max={1} {...(fraction === null ? {} : { value: fraction })} aria-label={label} />
      <button type="button" class="quiet" disabled={cancelling && !again} onClick={cancel}>
        {cancelling ? (again ?? stop) : stop}
      </button>
    </div>
  )
}

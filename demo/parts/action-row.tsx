import type { ComponentChildren } from 'preact'
import { type Stage, task } from '../state'
import { Progress } from './progress'

/** A button, and beside it the progress of what it started, or else a hint. The row keeps its height. */
export function ActionRow(props: {
  readonly stage: Stage
  /** What the button that ends it is called. */
  readonly stop?: string
  /** And once it was pressed, where pressing it again does more. */
  readonly again?: string
  readonly hint: ComponentChildren
  readonly children: ComponentChildren
}) {
  const { stage, stop, again, hint, children } = props
  return (
    <div class="actions">
      {children}
      {task.value?.stage === stage ? (
        <Progress stage={stage} {...(stop ? { stop } : {})} {...(again ? { again } : {})} />
      ) : (
        hint && <p class="hint">{hint}</p>
      )}
    </div>
  )
}

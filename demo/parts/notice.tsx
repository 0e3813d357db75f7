import type { ComponentChildren } from 'preact'
import { failures, type Stage } from '../state'

/** A message that stays: something to know, to beware of, or that went wrong. */
export function Notice(props: {
  readonly kind: 'info' | 'warning' | 'error'
  readonly title?: string
  readonly children: ComponentChildren
}) {
  const { kind, title, children } = props
  return (
    <div class={`notice ${kind}`} role={kind === 'error' ? 'alert' : undefined}>
      {title && <strong>{title}</strong>}
      <div>{children}</div>
    </div>
  )
}

/** What went wrong in a part of the page, in the library's words. */
export function FailureNotice({ stage, title }: { readonly stage: Stage; readonly title: string }) {
  const failure = failures.value[stage]
  if (!failure) return null
  return (
    <Notice kind="error" title={title}>
      {failure.message}
    </Notice>
  )
}

import type { ComponentChildren } from 'preact'

/** One part of the page, under its heading. */
export function Panel(props: {
  readonly id: string
  readonly number: number
  readonly title: string
  readonly lead: ComponentChildren
  readonly children: ComponentChildren
}) {
  const { id, number, title, lead, children } = props
  return (
    <section class="panel" id={id} aria-labelledby={`${id}-title`}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>
          <span class="panel-number" aria-hidden="true">
            {number}
          </span>
          {title}
        </h2>
        <p class="lead">{lead}</p>
      </header>
      {children}
    </section>
  )
}

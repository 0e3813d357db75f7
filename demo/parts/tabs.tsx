import type { ComponentChildren } from 'preact'
import { useId, useRef } from 'preact/hooks'

export interface Tab<Name extends string> {
  readonly name: Name
  readonly label: string
}

/** Several views of one thing, one at a time. Arrow keys go from tab to tab. */
export function Tabs<Name extends string>(props: {
  readonly label: string
  readonly tabs: readonly Tab<Name>[]
  readonly shown: Name
  readonly onShow: (name: Name) => void
  readonly children: ComponentChildren
}) {
  const { label, tabs, shown, onShow, children } = props
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const go = (by: number) => {
    const at = tabs.findIndex(({ name }) => name === shown)
    const next = (at + by + tabs.length) % tabs.length
    onShow(tabs[next]!.name)
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus()
  }
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list}>
        {tabs.map(({ name, label }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={name === shown}
            aria-controls={`${id}-panel`}
            tabIndex={name === shown ? 0 : -1}
            onClick={() => onShow(name)}
            onKeyDown={event => {
              if (event.key === 'ArrowRight') go(1)
              else if (event.key === 'ArrowLeft') go(-1)
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown}`}>
        {children}
      </div>
    </>
  )
}

import type { Signal } from '@preact/signals'

/** Reads a chart step by step: under the pointer, or with the arrow keys. Lies over the chart's lines. */
export function ChartReader(props: {
  readonly title: string
  /** What the chart says at the step. */
  readonly text: string
  readonly cursor: Signal<number | null>
  readonly range: readonly [first: number, last: number]
  /** Where the range lies, as shares of the chart's width. */
  readonly place: readonly [left: number, right: number]
}) {
  const { title, text, cursor, range, place } = props
  const [first, last] = range
  const at = Math.min(last, Math.max(first, cursor.value ?? last))
  const leave = () => {
    cursor.value = null
  }
  return (
    <input
      type="range"
      class="chart-reader"
      aria-label={`${title} at a step`}
      aria-valuetext={`step ${at}: ${text}`}
      min={first}
      max={last}
      step={1}
      value={at}
      style={{ '--from': place[0], '--to': place[1] }}
      onInput={event => {
        cursor.value = event.currentTarget.valueAsNumber
      }}
      onPointerMove={event => {
        const { left, width } = event.currentTarget.getBoundingClientRect()
        const share = Math.min(1, Math.max(0, (event.clientX - left) / width))
        cursor.value = Math.round(first + share * (last - first))
      }}
      onPointerLeave={leave}
      onBlur={leave}
    />
  )
}

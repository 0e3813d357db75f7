import { fixed } from './format'

/**
 * A line over a chart that is dragged or moved by keys; what lies on its left is left out. At the left end it leaves
 * out nothing. It goes from `from` to `to`, which are shares of the chart's width.
 */
export function CutSlider(props: {
  readonly label: string
  readonly range: readonly [number, number]
  readonly from: number
  readonly to: number
  readonly cut: number | null
  readonly onCut: (cut: number | null) => void
}) {
  const { label, range, from, to, cut, onCut } = props
  const [first, last] = range
  return (
    <input
      type="range"
      class={`cut${cut === null ? ' unset' : ''}`}
      style={{ '--from': from, '--to': to }}
      aria-label={label}
      aria-valuetext={cut === null ? 'no cut' : fixed(cut, 2)}
      min={first}
      max={last}
      step={(last - first) / 100}
      value={cut ?? first}
      onInput={event => {
        // Short decimals, so that the value that is shown is the value that counts.
        const value = Number(event.currentTarget.valueAsNumber.toFixed(4))
        onCut(value <= first ? null : value)
      }}
    />
  )
}

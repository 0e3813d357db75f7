import { type Pin, pinOf, pinRow } from '../row-actions'

/** Keeps a row or leaves it out, whatever the selection would do with it. Pressed again, it is free. */
export function PinButtons({ row }: { readonly row: number }) {
  const pinned = pinOf(row)
  const button = (pin: Pin, label: string) => (
    <button
      type="button"
      class={`quiet pin pin-${pin}`}
      aria-pressed={pinned === pin}
      aria-label={`${label} row ${row}`}
      onClick={() => pinRow(row, pinned === pin ? null : pin)}
    >
      {label}
    </button>
  )
  return (
    <span class="pins">
      {button('keep', 'Keep')}
      {button('drop', 'Drop')}
    </span>
  )
}

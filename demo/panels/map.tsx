import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ActionRow } from '../parts/action-row'
import { FailureNotice } from '../parts/notice'
import { layOutRows } from '../row-actions'
import type { RowMap, SelectionSummary } from '../row-protocol'
import { busy, rowMap } from '../state'

type View = ComponentType<{ readonly map: RowMap; readonly summary: SelectionSummary }>

/** The rows as points in the plane. Its code and its places come when it is first looked at. */
export function MapPart({ summary }: { readonly summary: SelectionSummary }) {
  const [view, setView] = useState<{ readonly Component: View } | null>(null)
  useEffect(() => {
    void import('./row-map').then(({ default: Component }) => setView({ Component }))
  }, [])
  const map = rowMap.value
  useEffect(() => {
    if (!map && !busy.value) void layOutRows()
  }, [])
  return (
    <section class="map" aria-label="Map">
      <p class="hint">
        {map?.projection === 'axes'
          ? 'The two directions in which the texts differ most.'
          : 'Rows whose texts are alike lie near each other (UMAP).'}{' '}
        Kept ones are on top. Places only hint at how alike rows are: the selection goes by their cosines.
      </p>
      {!map && (
        <ActionRow stage="map" hint={null}>
          <button type="button" disabled={busy.value} onClick={layOutRows}>
            Lay out the rows
          </button>
        </ActionRow>
      )}
      <FailureNotice stage="map" title="The map could not be made." />
      {map && view && <view.Component map={map} summary={summary} />}
    </section>
  )
}

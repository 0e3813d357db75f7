import { useEffect, useRef } from 'preact/hooks'

/** A report of one file over the page. It keeps its own style, and is nothing but elements: no script runs. */
export function ReportView({ file, onClose }: { readonly file: Blob; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  useEffect(() => {
    let shown = true
    void file.text().then(html => {
      if (shown && place.current) show(html, place.current)
    })
    return () => {
      shown = false
    }
  }, [file])
  return (
    <dialog ref={dialog} class="report-view" aria-label="Report of the training" onClose={onClose}>
      <div class="report-bar">
        <button type="button" onClick={() => dialog.current?.close()}>
          Close the report
        </button>
      </div>
      <div ref={place} />
    </dialog>
  )
}

/** The page's content security policy lets a style come from a sheet only, not from an element. */
function show(html: string, place: HTMLElement): void {
  const [element = '', style = ''] = /<style>(.*?)<\/style>/s.exec(html) ?? []
  const report = new DOMParser().parseFromString(html.replace(element, ''), 'text/html')
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(style.replaceAll(':root', ':host'))
  const root = place.shadowRoot ?? place.attachShadow({ mode: 'open' })
  root.adoptedStyleSheets = [sheet]
  root.replaceChildren(document.adoptNode(report.body))
}

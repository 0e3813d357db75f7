import { select } from 'd3-selection'
import { type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom'
import KDBush from 'kdbush'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { drawDots } from '../parts/draw-points'
import { pageColor } from '../parts/point-colors'
import { decisionNames, type MapState, type RowMap } from '../row-protocol'

const KEPT = decisionNames.indexOf('kept')
/** Share of the canvas that stays free around the points. */
const EDGE = 0.04
/** How near the pointer must come to a point, in px. */
const NEAR = 14

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** The points, to be moved, magnified, pointed at, and walked through by keys. Places in the map stand for points. */
export function MapCanvas(props: {
  readonly map: RowMap
  readonly state: MapState
  readonly colors: Uint32Array
  readonly label: string
  /** The point that is looked at. */
  readonly marked: number | null
  readonly onPoint: (place: number | null) => void
  readonly onOpen: (place: number) => void
}) {
  const { map, state, colors, label, marked, onPoint, onOpen } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const frame = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  const [transform, setTransform] = useState<ZoomTransform>(zoomIdentity)
  const behavior = useMemo(
    () =>
      zoom<HTMLCanvasElement, unknown>()
        .scaleExtent([1, 60])
        // The wheel and one finger scroll the page, unless the map is meant.
        .filter(
          event =>
            !event.button &&
            (event.type !== 'wheel' || event.ctrlKey || document.activeElement === frame.current) &&
            (!event.touches || event.touches.length > 1),
        )
        .on('zoom', event => setTransform(event.transform)),
    [],
  )
  const index = useMemo(() => {
    const tree = new KDBush(map.rows.length, 64, Float32Array)
    for (let n = 0; n < map.rows.length; n++) tree.add(map.x[n]!, map.y[n]!)
    return tree.finish()
  }, [map])

  useEffect(() => {
    const element = canvas.current!
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = element
      setSize({ width, height })
      behavior.translateExtent([
        [0, 0],
        [width, height],
      ])
    })
    observer.observe(element)
    select(element).call(behavior)
    return () => observer.disconnect()
  }, [behavior])

  const { width, height } = size
  const inner = { width: width * (1 - 2 * EDGE), height: height * (1 - 2 * EDGE) }
  const across = (n: number) => transform.applyX(width * EDGE + map.x[n]! * inner.width)
  const down = (n: number) => transform.applyY(height * EDGE + (1 - map.y[n]!) * inner.height)

  useEffect(() => {
    const element = canvas.current!
    if (width === 0) return
    const drawing = requestAnimationFrame(() => {
      const ratio = devicePixelRatio
      element.width = Math.round(width * ratio)
      element.height = Math.round(height * ratio)
      const context = element.getContext('2d')!
      const picture = context.createImageData(element.width, element.height)
      const places = map.rows.map((_, n) => n)
      const dots = {
        x: Float32Array.from(places, n => across(n) * ratio),
        y: Float32Array.from(places, n => down(n) * ratio),
        color: colors,
        onTop: state.decisions.map(decision => (decision === KEPT ? 1 : 0)),
      }
      const usual = Math.max(1.25, Math.min(4, 90 / Math.sqrt(map.rows.length)))
      const radius = usual * Math.min(3, transform.k ** 0.25) * ratio
      drawDots(picture, dots, { radius, background: pageColor('--surface'), rim: pageColor('--text') })
      context.putImageData(picture, 0, 0)
      if (marked === null) return
      context.beginPath()
      context.arc(dots.x[marked]!, dots.y[marked]!, 2.2 * radius + 3 * ratio, 0, 2 * Math.PI)
      context.lineWidth = 2.5 * ratio
      context.strokeStyle = getComputedStyle(element).getPropertyValue('--text')
      context.stroke()
    })
    return () => cancelAnimationFrame(drawing)
  }, [map, state, colors, size, transform, marked])

  const nearest = (clientX: number, clientY: number): number | null => {
    const box = canvas.current!.getBoundingClientRect()
    const [px, py] = [clientX - box.left, clientY - box.top]
    const [u, v] = transform.invert([px, py])
    const [x, y] = [(u - width * EDGE) / inner.width, 1 - (v - height * EDGE) / inner.height]
    const [dx, dy] = [NEAR / transform.k / inner.width, NEAR / transform.k / inner.height]
    const around = index.range(x - dx, y - dy, x + dx, y + dy)
    const away = (n: number) => Math.hypot(across(n) - px, down(n) - py)
    return around.reduce<number | null>((a, n) => (a === null || away(n) < away(a) ? n : a), null)
  }

  const walk = ([dx, dy]: readonly [number, number]): number => {
    const from = marked ?? 0
    let best = from
    let shortest = Infinity
    for (let n = 0; n < map.rows.length; n++) {
      const [u, v] = [map.x[n]! - map.x[from]!, map.y[from]! - map.y[n]!]
      const ahead = u * dx + v * dy
      const aside = Math.abs(u * dy - v * dx)
      // Only what lies more ahead than aside; what is aside counts twice.
      if (n === from || ahead <= 0 || aside > ahead || ahead + 2 * aside >= shortest) continue
      best = n
      shortest = ahead + 2 * aside
    }
    return best
  }

  const magnify = (by: number) => {
    if (canvas.current) behavior.scaleBy(select(canvas.current), by)
  }
  return (
    <div class="map-frame">
      <div
        class="map-keys"
        ref={frame}
        role="application"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
        tabIndex={0}
        onKeyDown={event => {
          const direction = directions[event.key]
          if (direction) onPoint(walk(direction))
          else if (event.key === 'Enter' && marked !== null) onOpen(marked)
          else if (event.key === '+' || event.key === '-') magnify(event.key === '+' ? 1.5 : 1 / 1.5)
          else return
          event.preventDefault()
        }}
      >
        <canvas
          ref={canvas}
          class="map-canvas"
          onPointerMove={event => {
            if (event.pointerType === 'mouse') onPoint(nearest(event.clientX, event.clientY))
          }}
          onClick={event => {
            const place = nearest(event.clientX, event.clientY)
            if (place !== null) onOpen(place)
          }}
        />
      </div>
      <div class="map-zoom">
        <button type="button" class="quiet" aria-label="Magnify" onClick={() => magnify(1.5)}>
          +
        </button>
        <button type="button" class="quiet" aria-label="Reduce" onClick={() => magnify(1 / 1.5)}>
          −
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            if (canvas.current) behavior.transform(select(canvas.current), zoomIdentity)
          }}
        >
          All
        </button>
      </div>
    </div>
  )
}

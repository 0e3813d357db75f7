/** Points as they are drawn: places in px of the picture, colours as 0xrrggbb. */
export interface Dots {
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  readonly color: ArrayLike<number>
  /** Points that stand out, by a larger dot with a rim; all else is drawn below them. */
  readonly onTop: ArrayLike<number | boolean>
}

export interface DotStyle {
  /** Of a usual dot, in px. */
  readonly radius: number
  readonly background: number
  readonly rim: number
}

/** How much of each pixel a disc covers, from 0 to 256. */
interface Disc {
  readonly reach: number
  readonly coverage: Uint16Array
}

function disc(radius: number): Disc {
  const reach = Math.ceil(radius)
  const coverage = new Uint16Array((2 * reach + 1) ** 2)
  let at = 0
  for (let v = -reach; v <= reach; v++)
    for (let u = -reach; u <= reach; u++) {
      const covered = Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(u, v)))
      coverage[at++] = Math.round(256 * covered)
    }
  return { reach, coverage }
}

/**
 * Draws dots into a picture, pixel by pixel: it needs neither WebGL nor a second GPU device, and a hundred thousand
 * dots take about as long as one frame.
 */
export function drawDots(picture: ImageData, dots: Dots, { radius, background, rim }: DotStyle): void {
  const { width, height, data } = picture
  const stamp = ({ reach, coverage }: Disc, x: number, y: number, color: number) => {
    const [left, top] = [Math.round(x) - reach, Math.round(y) - reach]
    const size = 2 * reach + 1
    if (left >= width || top >= height || left + size <= 0 || top + size <= 0) return
    const [red, green, blue] = [color >> 16, (color >> 8) & 255, color & 255]
    for (let v = Math.max(0, -top); v < size && top + v < height; v++)
      for (let u = Math.max(0, -left); u < size && left + u < width; u++) {
        const a = coverage[v * size + u]!
        if (a === 0) continue
        const at = 4 * ((top + v) * width + left + u)
        data[at] = (data[at]! * (256 - a) + red * a) >> 8
        data[at + 1] = (data[at + 1]! * (256 - a) + green * a) >> 8
        data[at + 2] = (data[at + 2]! * (256 - a) + blue * a) >> 8
      }
  }
  const pixels = new Uint32Array(data.buffer)
  // The bytes of a pixel lie as red, green, blue, alpha.
  pixels.fill(((255 << 24) | ((background & 255) << 16) | (background & 0xff00) | (background >> 16)) >>> 0)
  const usual = disc(radius)
  const large = disc(1.4 * radius)
  const edge = disc(1.4 * radius + Math.max(1, radius / 3))
  const { x, y, color, onTop } = dots
  for (let n = 0; n < color.length; n++) if (!onTop[n]) stamp(usual, x[n]!, y[n]!, color[n]!)
  for (let n = 0; n < color.length; n++) {
    if (!onTop[n]) continue
    stamp(edge, x[n]!, y[n]!, rim)
    stamp(large, x[n]!, y[n]!, color[n]!)
  }
}

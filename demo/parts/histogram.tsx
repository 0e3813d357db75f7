import { max } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import type { Distribution } from '../protocol'
import { count, fixed } from './format'

const [WIDTH, HEIGHT] = [320, 170]
const margin = { top: 10, right: 12, bottom: 26, left: 36 }

/** How a score is spread, with the part that belongs to kept rows. */
export function Histogram({ distribution }: { readonly distribution: Distribution }) {
  const { label, unit, bins, mean, deviation, missing } = distribution
  const [first, last] = [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 1]
  const x = scaleLinear([first, last], [margin.left, WIDTH - margin.right])
  const y = scaleLinear([0, max(bins, bin => bin.count) || 1], [HEIGHT - margin.bottom, margin.top]).nice(3)
  const bar = (from: number, to: number, n: number) => ({
    x: x(from) + 0.5,
    width: Math.max(1, x(to) - x(from) - 1),
    y: y(n),
    height: y(0) - y(n),
  })
  const spread = `mean ${fixed(mean, 2)}, standard deviation ${fixed(deviation, 2)}`
  const total = bins.reduce((sum, bin) => sum + bin.count, 0)
  return (
    <figure class="chart stacked">
      <figcaption>
        <span class="chart-title">{label}</span>
        <span class="chart-legend">
          {spread}
          {missing > 0 && `, ${count(missing)} missing`}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${label} of ${count(total)} ${unit}, from ${fixed(first, 1)} to ${fixed(last, 1)}: ${spread}`}
      >
        {y
          .ticks(3)
          .filter(Number.isInteger)
          .map(tick => (
            <g key={tick}>
              <line class="grid" x1={margin.left} x2={WIDTH - margin.right} y1={y(tick)} y2={y(tick)} />
              <text class="tick" x={margin.left - 6} y={y(tick) + 3.5} text-anchor="end">
                {tick}
              </text>
            </g>
          ))}
        {bins.map(({ from, to, count: all, kept }) => (
          <g key={from}>
            <title>
              {`${fixed(from, 2)} to ${fixed(to, 2)}: ${count(all)} ${unit}${kept > 0 ? `, ${count(kept)} kept` : ''}`}
            </title>
            <rect class="bar" {...bar(from, to, all)} />
            <rect class="bar kept" {...bar(from, to, kept)} />
          </g>
        ))}
        {x.ticks(6).map(tick => (
          <text key={tick} class="tick" x={x(tick)} y={HEIGHT - margin.bottom + 16} text-anchor="middle">
            {tick}
          </text>
        ))}
      </svg>
    </figure>
  )
}

import type { Comparison } from '../../src/index'
import { count, fixed, percent } from '../parts/format'

type Profile = Comparison['pool']

/** Groups that bars show by themselves; smaller ones are put together. */
const MOST = 7

/** Selections side by side: what they share, how long and how good their rows are, and where these come from. */
export function ComparisonTable(props: {
  readonly comparison: Comparison
  /** For people, by the name of the selection. */
  readonly labels: ReadonlyMap<string, string>
}) {
  const { unit, pool, selections } = props.comparison
  const label = (name: string) => props.labels.get(name) ?? name
  const place = (name: string) => selections.findIndex(one => one.name === name)
  const beside = ['random', 'longest'].map(name => ({ name, at: place(name) })).filter(({ at }) => at > 0)
  const sources = pool.sources.slice(0, MOST).map(({ source }) => source)
  const mixed = pool.sources.length > 1
  return (
    <>
      <div class="scroll">
        <table class="numbers comparison">
          <caption>Overlap: rows in both sets, of those in either. Lengths in {unit}.</caption>
          <thead>
            <tr>
              <th scope="col">Selection</th>
              <th scope="col">Rows</th>
              <th scope="col">Overlap with yours</th>
              {beside.map(({ name }) => (
                <th key={name} scope="col">
                  with {label(name).toLowerCase()}
                </th>
              ))}
              <th scope="col">Mean length</th>
              <th scope="col">Median length</th>
              <th scope="col">Mean score</th>
            </tr>
          </thead>
          <tbody>
            {selections.map(({ name, profile, overlaps }, n) => (
              <tr key={name} class={n === 0 ? 'own' : ''}>
                <th scope="row">{label(name)}</th>
                <td>{count(profile.rows)}</td>
                <td>{n === 0 ? '–' : percent(overlaps[0]!)}</td>
                {beside.map(({ name: other, at }) => (
                  <td key={other}>{at === n ? '–' : percent(overlaps[at]!)}</td>
                ))}
                <Lengths profile={profile} />
              </tr>
            ))}
            <tr>
              <th scope="row">All rows</th>
              <td>{count(pool.rows)}</td>
              <td>–</td>
              {beside.map(({ name }) => (
                <td key={name}>–</td>
              ))}
              <Lengths profile={pool} />
            </tr>
          </tbody>
        </table>
      </div>
      {mixed && (
        <div class="mixes">
          <h4>Where the rows come from</h4>
          {[...selections, { name: 'All rows', profile: pool }].map(({ name, profile }) => (
            <Mix key={name} label={label(name)} profile={profile} sources={sources} />
          ))}
          <ul class="map-legend">
            {[...sources, ...(pool.sources.length > MOST ? ['other'] : [])].map((source, n) => (
              <li key={source}>
                <span class="dot" style={{ background: `var(--group-${n})` }} />
                {source ?? 'none'}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  )
}

function Lengths({ profile: { meanLength, medianLength, meanScore } }: { readonly profile: Profile }) {
  return (
    <>
      <td>{fixed(meanLength, 0)}</td>
      <td>{fixed(medianLength, 0)}</td>
      <td>{fixed(meanScore, 2)}</td>
    </>
  )
}

/** The shares of the sources as one bar. */
function Mix(props: {
  readonly label: string
  readonly profile: Profile
  readonly sources: readonly (string | null)[]
}) {
  const { label, profile, sources } = props
  const rowsOf = (source: string | null) => profile.sources.find(entry => entry.source === source)?.rows ?? 0
  const shown = sources.map(source => ({ source: source ?? 'none', rows: rowsOf(source) }))
  const other = profile.rows - shown.reduce((sum, { rows }) => sum + rows, 0)
  const parts = [...shown, { source: 'other', rows: other }]
  const inWords = parts
    .filter(({ rows }) => rows > 0)
    .map(({ source, rows }) => `${source} ${percent(rows / profile.rows)}`)
    .join(', ')
  return (
    <div class="mix">
      <span>{label}</span>
      <span class="mix-bar" role="img" aria-label={inWords} title={inWords}>
        {parts.map(({ source, rows }, n) => (
          <span
            key={source}
            style={{ flexGrow: rows, background: `var(--group-${n})` }}
            hidden={rows === 0}
          />
        ))}
      </span>
    </div>
  )
}

/** The report's only style. Text on its background has a contrast of at least 4.5, lines and marks of at least 3. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --surface: #fff; --sunken: #eef0f3; --text: #1a1d23; --muted: #586071; --line: #d9dde4;
  --trained: #e0f3ea; --trained-line: #0e7a4f; --change: #1a56c4;
  --series-0: #1a56c4; --series-1: #b35c00; --series-2: #0e7a4f; --series-3: #a3288c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151a; --surface: #1a1e25; --sunken: #12161c; --text: #e7eaf0; --muted: #a2abbb; --line: #303743;
    --trained: #143527; --trained-line: #5fd3a2; --change: #8db4ff;
    --series-0: #8db4ff; --series-1: #f0a35e; --series-2: #5fd3a2; --series-3: #f08fd8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2rem 1rem 4rem; background: var(--page); color: var(--text);
  font: 1rem / 1.5 system-ui, sans-serif; text-size-adjust: 100%;
}
main { max-width: 72rem; margin: 0 auto; }
h1 { margin: 0 0 0.25rem; font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 1rem; font-size: 1.25rem; }
h3 { margin: 1.25rem 0 0.5rem; font-size: 1rem; }
h4 { margin: 0; color: var(--muted); font-size: 0.875rem; font-weight: 600; }
p { margin: 0 0 0.75rem; }
.lead { color: var(--muted); }
section > .card, .cards > * {
  padding: 1rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--surface);
}
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); gap: 1rem; margin: 1.5rem 0 0; }
.tiles > div { padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--surface); }
.tiles dt { color: var(--muted); font-size: 0.875rem; }
.tiles dd { margin: 0; font-size: 1.25rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tiles dd + dd { color: var(--muted); font-size: 0.875rem; font-weight: 400; }
.facts { display: grid; grid-template-columns: fit-content(45%) 1fr; gap: 0.25rem 1.5rem; margin: 0; }
.facts dt { color: var(--muted); overflow-wrap: anywhere; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
caption { padding-bottom: 0.25rem; color: var(--muted); font-size: 0.875rem; text-align: start; }
th, td { padding: 0.375rem 0.75rem 0.375rem 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; }
th { font-weight: 600; }
thead th { color: var(--muted); font-size: 0.875rem; }
tbody tr:last-child > * { border-bottom: 0; }
.numbers td, .numbers thead th:not(:first-child) { text-align: end; font-variant-numeric: tabular-nums; }
.numbers td { white-space: nowrap; }
.numbers tr > :last-child { padding-inline-end: 0; }
.numbers th { overflow-wrap: break-word; }
.numbers th small { display: block; color: var(--muted); font-weight: 400; overflow-wrap: anywhere; }
.numbers td.change { color: var(--change); }
.chart { margin: 0; min-width: 0; }
.chart figcaption { min-height: 3.25rem; }
.chart-title { font-weight: 600; overflow-wrap: anywhere; }
.chart-unit, .chart-legend { color: var(--muted); font-size: 0.875rem; }
.chart-legend { display: flex; flex-wrap: wrap; gap: 0 1rem; font-variant-numeric: tabular-nums; }
.legend::before {
  content: ''; display: inline-block; width: 1.25rem; margin-inline-end: 0.375rem; border-top: 3px solid;
  vertical-align: middle; color: var(--series-0);
}
.legend.series-1::before { border-top-style: dashed; color: var(--series-1); }
.legend.series-2::before { border-top-style: dotted; color: var(--series-2); }
.legend.series-3::before { border-top-style: double; color: var(--series-3); }
.legend b { color: var(--text); }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--line); }
.tick { fill: var(--muted); font: 11px system-ui, sans-serif; }
.line { stroke: var(--series-0); stroke-width: 2; stroke-linejoin: round; }
.dot { fill: var(--series-0); }
.series-1 .line { stroke: var(--series-1); stroke-dasharray: 6 3; }
.series-1 .dot { fill: var(--series-1); }
.series-2 .line { stroke: var(--series-2); stroke-dasharray: 2 3; }
.series-2 .dot { fill: var(--series-2); }
.series-3 .line { stroke: var(--series-3); stroke-dasharray: 10 3 2 3; }
.series-3 .dot { fill: var(--series-3); }
details { margin-top: 0.5rem; }
summary { color: var(--muted); font-size: 0.875rem; cursor: pointer; }
details table { margin-top: 0.5rem; font-size: 0.875rem; }
.text { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.missing { color: var(--muted); font-style: italic; }
.pair { margin-bottom: 1rem; }
.pair .cards > * { background: var(--sunken); }
.pair .text.prompt { margin-bottom: 0.75rem; }
.trained { background: var(--trained); box-shadow: inset 0 -2px var(--trained-line); color: inherit; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { margin-top: 3rem; color: var(--muted); font-size: 0.875rem; }
@media (max-width: 30rem) {
  body { padding-top: 1rem; }
  .numbers { font-size: 0.875rem; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 0.5rem; }
}
@media print { body { padding: 0; background: none; } .chart, .pair, .tiles > div { break-inside: avoid; } }
`

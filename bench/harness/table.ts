import type { Line } from './subject'

/** Lines below each other, as a Markdown table: numbers to the right. */
export function markdownTable(lines: readonly Line[]): string {
  const names = [...new Set(lines.flatMap(line => Object.keys(line)))]
  const cells = lines.map(line => names.map(name => String(line[name] ?? '')))
  const right = names.map(name => lines.every(line => typeof (line[name] ?? 0) === 'number'))
  const widths = names.map((name, i) => Math.max(3, name.length, ...cells.map(row => row[i]!.length)))
  const row = (texts: readonly string[]) =>
    `| ${texts.map((text, i) => (right[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!))).join(' | ')} |`
  const rule = widths.map((width, i) => (right[i] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [row(names), `| ${rule.join(' | ')} |`, ...cells.map(row)].join('\n')
}

/** A short name of an adapter for file names: `llvmpipe`, `swiftshader`, `nvidia-h200`. */
export function adapterSlug(adapter: string): string {
  const known = /llvmpipe|swiftshader/i.exec(adapter)
  if (known) return known[0].toLowerCase()
  return adapter
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
}

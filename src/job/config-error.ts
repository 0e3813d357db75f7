/** An option of a training run that is unknown, out of range, or of no use beside the others. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  constructor(
    message: string,
    /** The option that is to be changed, where it is one that the table has. */
    readonly key: string | null = null,
  ) {
    super(message)
  }
}

/** The name that a mistyped one was probably meant to be; undefined if none is near. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const [nearest] = names
    .map(name => ({ name, edits: editDistance(plain(typed), plain(name)) }))
    .sort((a, b) => a.edits - b.edits)
  return nearest && nearest.edits <= Math.max(1, typed.length / 3) ? nearest.name : undefined
}

/** Characters to insert, remove or replace between two texts (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

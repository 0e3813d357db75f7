/** Rows with scores of their own, so that no model need score them. */
export interface GradedRow {
  readonly instruction: string
  readonly output: string
  readonly source: string
  readonly complexity_scores: readonly number[]
  readonly quality_scores: readonly number[]
}

/**
 * `count` rows from a fixed seed: words put together by chance, a third of them an earlier row with a few words changed,
 * some an exact copy with other scores.
 */
export function gradedRows(count: number): GradedRow[] {
  const random = lehmer(11)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const syllables = ['ba', 'co', 'du', 'fe', 'gi', 'ka', 'lo', 'mu', 'ne', 'pi', 'ra', 'so', 'tu', 've']
  const word = () => Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(syllables)).join('')
  const words = (n: number) => Array.from({ length: n }, word)
  const grade = () => Number((1 + 5 * random()).toFixed(3))
  const rows: GradedRow[] = []
  for (let n = 0; n < count; n++) {
    const old = n > 0 && random() < 0.4 ? pick(rows) : null
    const text = (old?.instruction.split(' ') ?? words(10 + Math.floor(random() * 10))).slice()
    const changes = old ? Math.floor(random() * 5) : 0
    for (let change = 0; change < changes; change++) text[Math.floor(random() * text.length)] = word()
    rows.push({
      instruction: text.join(' '),
      output: old?.output ?? words(12).join(' '),
      source: pick(['forum', 'manual', 'chat', 'chat']),
      complexity_scores: [grade()],
      quality_scores: [grade()],
    })
  }
  return rows
}

/** Numbers in (0, 1) from a seed. */
function lehmer(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

/** A file of them as JSON lines. */
export const jsonLinesOf = (rows: readonly object[]): Uint8Array =>
  new TextEncoder().encode(rows.map(row => `${JSON.stringify(row)}\n`).join(''))

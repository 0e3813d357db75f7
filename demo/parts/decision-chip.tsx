import type { DecisionName, TableRow } from '../row-protocol'

export const decisionWords: Readonly<Record<DecisionName, string>> = {
  kept: 'Kept',
  similar: 'Too similar',
  duplicate: 'Copy',
  excluded: 'Left out',
  'beyond budget': 'Beyond budget',
  invalid: 'Invalid',
  unreadable: 'Unreadable',
}

export const decisionClass = (decision: DecisionName): string => decision.replace(' ', '-')

/** What became of a row, in a word. */
export function DecisionChip({ row: { decision, rank } }: { readonly row: TableRow }) {
  return (
    <span class={`chip ${decisionClass(decision)}`}>
      {decisionWords[decision]}
      {rank !== null && ` · ${rank}`}
    </span>
  )
}

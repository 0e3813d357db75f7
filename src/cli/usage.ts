/** The names of a table with what each is, as lines of a usage text. */
export const summaries = (table: Readonly<Record<string, { readonly summary: string }>>): string =>
  Object.entries(table)
    .map(([name, { summary }]) => `                         ${name}: ${summary}\n`)
    .join('')

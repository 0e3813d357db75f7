/** An option's value as it is typed: none, a list, losses with their weights; numbers exactly. */
export function inWords(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  if (Array.isArray(value)) return value.map(inWords).join(', ')
  if (isWeighted(value)) return value.weight === 1 ? value.name : `${value.name}:${value.weight}`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const isWeighted = (value: unknown): value is { readonly name: string; readonly weight: number } =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'weight' in value &&
  typeof value.weight === 'number'

/**
 * The last parts of a path, of two as many as `owner/model` has: a page that is passed on must not tell how its author's
 * folders are called. Addresses stay whole.
 */
export function withoutFolders(path: string, parts = 2): string {
  if (/^https?:/i.test(path)) return path
  const names = path.split(/[\\/]/).filter(name => name !== '')
  return names.slice(-parts).join('/') || path
}

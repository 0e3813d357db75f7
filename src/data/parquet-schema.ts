import type { SchemaElement } from 'hyparquet'

/** What values of a column have in common, as far as Parquet has a type for it. */
export type Shape =
  | { readonly kind: 'none' | 'boolean' | 'integer' | 'double' | 'text' | 'json' }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, Shape> }

const json: Shape = { kind: 'json' }
const none: Shape = { kind: 'none' }

/** Names that readers of nested columns would take for something else. */
const isPlainName = (name: string): boolean => name !== '' && name !== '__proto__' && !name.includes('.')

function shapeOf(value: unknown): Shape {
  if (value === null || value === undefined) return none
  if (typeof value === 'boolean') return { kind: 'boolean' }
  if (typeof value === 'number') return { kind: Number.isSafeInteger(value) ? 'integer' : 'double' }
  if (typeof value === 'string') return { kind: 'text' }
  if (Array.isArray(value)) return { kind: 'list', of: commonShape(value) }
  const entries = Object.entries(value as object)
  if (entries.length === 0 || !entries.every(([name]) => isPlainName(name))) return json
  return { kind: 'struct', fields: new Map(entries.map(([name, member]) => [name, shapeOf(member)])) }
}

function join(a: Shape, b: Shape): Shape {
  if (a.kind === 'none') return b
  if (b.kind === 'none') return a
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', of: join(a.of, b.of) }
  if (a.kind === 'struct' && b.kind === 'struct') {
    // Structs have the same fields in the same order in all rows: a missing one would come back as null.
    const names = [...a.fields.keys()]
    if (names.join('\0') !== [...b.fields.keys()].join('\0')) return json
    return {
      kind: 'struct',
      fields: new Map(names.map(name => [name, join(a.fields.get(name)!, b.fields.get(name)!)])),
    }
  }
  const isNumber = (shape: Shape): boolean => shape.kind === 'integer' || shape.kind === 'double'
  if (a.kind !== b.kind && isNumber(a) && isNumber(b)) return { kind: 'double' }
  return a.kind === b.kind ? a : json
}

/** The shape that all values fit; `json` where there is no other. */
export const commonShape = (values: readonly unknown[]): Shape =>
  values.reduce((shape: Shape, value) => join(shape, shapeOf(value)), none)

/** Whether no part of a shape is without a type of Parquet's own. */
const isTyped = (shape: Shape): boolean => {
  if (shape.kind === 'list') return isTyped(shape.of)
  if (shape.kind === 'struct') return [...shape.fields.values()].every(isTyped)
  return shape.kind !== 'json' && shape.kind !== 'none'
}

/** A column whose values have no common type is of JSON texts, and one without any value of texts. */
export const columnShape = (values: readonly unknown[]): Shape => {
  const shape = commonShape(values)
  return shape.kind === 'none' ? { kind: 'text' } : isTyped(shape) ? shape : json
}

const leafTypes = {
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
  none: { type: 'BYTE_ARRAY' },
} as const

/** A shape as Parquet's schema, depth first. */
export function schemaOf(name: string, shape: Shape): SchemaElement[] {
  if (shape.kind === 'list')
    return [
      { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...schemaOf('element', shape.of),
    ]
  if (shape.kind === 'struct')
    return [
      { name, repetition_type: 'OPTIONAL', num_children: shape.fields.size },
      ...[...shape.fields].flatMap(([field, of]) => schemaOf(field, of)),
    ]
  return [{ name, repetition_type: 'OPTIONAL', ...leafTypes[shape.kind] }]
}

/** A JSON value as hyparquet-writer takes it. */
export function toShape(value: unknown, shape: Shape): unknown {
  if (value === null || value === undefined)
    return shape.kind === 'json' && value === null ? undefined : value
  if (shape.kind === 'integer') return BigInt(value as number)
  if (shape.kind === 'list') return (value as unknown[]).map(one => toShape(one, shape.of))
  if (shape.kind !== 'struct') return value
  return Object.fromEntries(
    [...shape.fields].map(([name, of]) => [name, toShape((value as Record<string, unknown>)[name], of)]),
  )
}

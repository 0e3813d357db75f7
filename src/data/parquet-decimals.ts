import { type FileMetaData, parquetSchema, type SchemaElement, type SchemaTree } from 'hyparquet'
import { isListLike, isMapLike } from 'hyparquet/src/schema.js'
import { Unreadable } from './data-error'
import { JsonText } from './parquet-values'

type Row = Record<string, unknown>

/** How a file's decimals are read: by a schema that has them as they are stored, and with the point placed afterwards. */
export interface Decimals {
  readonly schema: FileMetaData['schema']
  /** A row that was read by that schema. @throws {Unreadable} for a decimal that cannot be */
  withPoints(row: Row): Row
}

/** More bytes, or places behind the point, are no decimal that anyone has written. */
const most = 1024

const isDecimal = ({ converted_type, logical_type }: SchemaElement): boolean =>
  converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL'

const scaleOf = ({ scale, logical_type }: SchemaElement): number =>
  scale ?? (logical_type?.type === 'DECIMAL' ? logical_type.scale : 0)

/** An unscaled value: an integer, or the bytes of one in two's complement, the highest first. */
function unscaled(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (Number.isInteger(value)) return BigInt(value as number)
  if (!(value instanceof Uint8Array) || value.length > most)
    throw new Unreadable('has a decimal that is stored as no integer')
  let hex = '0x0'
  for (const byte of value) hex += byte.toString(16).padStart(2, '0')
  return BigInt.asIntN(8 * value.length, BigInt(hex))
}

function decimalText(value: unknown, element: SchemaElement): JsonText {
  const scale = scaleOf(element)
  if (!(scale >= 0 && scale <= most)) throw new Unreadable(`has a decimal of ${scale} places`)
  const integer = unscaled(value)
  const digits = (integer < 0n ? -integer : integer).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  const fraction = scale > 0 ? `.${digits.slice(point)}` : ''
  return new JsonText(`${integer < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`, 0)
}

const isMap = (node: SchemaTree): boolean => node.children.length > 0 && isMapLike(node)

const mapValue = (node: SchemaTree): SchemaTree =>
  node.children[0]!.children.find(({ element }) => element.name === 'value') ?? node

/** What the lists around it, of which hyparquet makes plain lists, hold. */
function itemOf(node: SchemaTree): SchemaTree {
  const [list] = node.children
  if (!list || !isListLike(node)) return node
  return itemOf(list.children.length === 1 ? list.children[0]! : list)
}

/**
 * hyparquet multiplies decimals in doubles, which changes digits. A map's decimal keys, which it makes names of fields,
 * and the decimals within a VARIANT stay as it has them.
 */
export function decimalsOf(metadata: FileMetaData): Decimals {
  const root = parquetSchema(metadata)
  const within = new Set<SchemaTree>()
  const leaves = new Set<SchemaElement>()
  const mark = (node: SchemaTree): boolean => {
    const { element, children } = node
    if (element.logical_type?.type === 'VARIANT') return false
    if (children.length === 0 && isDecimal(element)) leaves.add(element)
    const value = isMap(node) ? mapValue(node) : node
    const below = value === node ? children : [value]
    if (below.map(mark).includes(true) || leaves.has(element)) within.add(node)
    return within.has(node)
  }
  mark(root)

  const place = (value: unknown, wrapped: SchemaTree): unknown => {
    const node = itemOf(wrapped)
    if (value === null || value === undefined || !within.has(node)) return value
    if (Array.isArray(value)) return value.map(one => place(one, node))
    if (leaves.has(node.element)) return decimalText(value, node.element)
    const types = new Map(node.children.map(child => [child.element.name, child]))
    const typeOf = (name: string): SchemaTree | undefined => (isMap(node) ? mapValue(node) : types.get(name))
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => {
        const type = typeOf(name)
        return [name, type ? place(member, type) : member]
      }),
    )
  }
  return {
    schema: metadata.schema.map(element => {
      if (!leaves.has(element)) return element
      const { converted_type: _, logical_type: __, scale: ___, precision: ____, ...stored } = element
      return stored
    }),
    withPoints: row => place(row, root) as Row,
  }
}

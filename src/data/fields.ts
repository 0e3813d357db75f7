import { Unreadable } from './data-error'

export type Fields = Readonly<Record<string, unknown>>

/** An object's own field; names such as `__proto__` and `constructor` find nothing inherited. */
export const field = (fields: Fields, name: string): unknown =>
  Object.hasOwn(fields, name) ? fields[name] : undefined

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a JSON value is, in words. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'string') return 'text'
  return typeof value === 'boolean' ? String(value) : typeof value === 'number' ? 'a number' : 'an object'
}

/** @throws {Unreadable} unless `value` is a string with something other than white space */
export function filledText(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Unreadable(`${name} is ${kindOf(value)}, wanted text`)
  if (value.trim() === '') throw new Unreadable(`${name} is ${value === '' ? 'empty' : 'only white space'}`)
  return value
}

/** '' for what is missing or null. @throws {Unreadable} when it is neither that nor a string */
export function optionalText(value: unknown, name: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new Unreadable(`${name} is ${kindOf(value)}, wanted text`)
  return value
}

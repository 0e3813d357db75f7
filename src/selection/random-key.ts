import { contentId } from '../data/content-id'
import { mixBits } from '../data/hash-32'
import { naturalLog } from './natural-log'
import { SelectionError } from './selection-error'

/** @throws {SelectionError} naming `who` if the seed is none */
export function checkSeed(who: string, seed: number): void {
  if (Number.isSafeInteger(seed) && seed >= 0) return
  throw new SelectionError(`${who}: seed is ${seed}, expected 0 or a whole number above`)
}

/**
 * A number above 0 and below 1 for each seed, purpose and id, uniform over the ids: the same on every machine,
 * whatever else is drawn and in which order. Two purposes draw independently of each other.
 *
 * 52 bits of the hash h; the number is (h + ½) / 2^52.
 */
export function randomKey(seed: number, purpose: string, id: string): number {
  const content = contentId(`${purpose}\n${id}`)
  let h = 0
  h = absorb(h, seed | 0)
  h = absorb(h, Math.floor(seed / 2 ** 32))
  h = absorb(h, Number.parseInt(content.slice(0, 8), 16))
  h = absorb(h, Number.parseInt(content.slice(8), 16))
  return (absorb(h, 0) * 2 ** 20 + (absorb(h, 1) >>> 12) + 0.5) / 2 ** 52
}

/**
 * A standard Gumbel variate from a uniform one. The K largest of log w_i + g_i are K items drawn without
 * replacement with probabilities in proportion to w_i (Kool et al. 2019, arXiv 1903.06059).
 */
export const gumbel = (uniform: number): number => -naturalLog(-naturalLog(uniform))

/** A hash after one more 32-bit word. */
const absorb = (h: number, word: number): number => mixBits((Math.imul(h, 31) + word + 0x9e3779b9) | 0)

/** Where FNV-1a of 32 bits begins: http://www.isthe.com/chongo/tech/comp/fnv */
export const FNV_BASIS = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** FNV-1a after one more byte. */
export const fnvStep = (hash: number, byte: number): number => Math.imul(hash ^ byte, FNV_PRIME)

/** FNV-1a after the bytes from `begin` up to `end`. */
export function fnv(hash: number, bytes: Uint8Array, begin: number, end: number): number {
  let h = hash
  for (let i = begin; i < end; i++) h = fnvStep(h, bytes[i]!)
  return h
}

/**
 * MurmurHash3's finalizer (Appleby, public domain), unsigned: every input bit reaches every output bit. FNV-1a alone
 * spreads short strings badly.
 */
export function mixBits(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const encoder = new TextEncoder()

/**
 * FNV-1a, 64 bit, of the UTF-8 bytes of `text`, as 16 hex digits. Not cryptographic.
 * http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function contentId(text: string): string {
  let high = 0xcbf29ce4 | 0
  let low = 0x84222325 | 0
  const bytes = encoder.encode(text)
  for (let i = 0; i < bytes.length; i++) {
    low ^= bytes[i]!
    // The prime is 2^40 + 435: low · 435 in two halves of 16 bits, so that all of it stays a 32-bit integer, and its
    // carry with low << 8 from 2^40 in the high half.
    const first = (low & 0xffff) * 435
    const second = (low >>> 16) * 435 + (first >>> 16)
    high = (Math.imul(high, 435) + (second >>> 16) + (low << 8)) | 0
    low = (second << 16) | (first & 0xffff)
  }
  return [high, low].map(half => (half >>> 0).toString(16).padStart(8, '0')).join('')
}

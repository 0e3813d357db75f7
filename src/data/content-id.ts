const utf8 = new TextEncoder()

/**
 * FNV-1a, 64 bit, of the UTF-8 bytes of `text`, as 16 hex digits. Not cryptographic.
 * http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function contentId(text: string): string {
  let high = 0xcbf29ce4
  let low = 0x84222325
  const bytes = utf8.encode(text)
  for (let i = 0; i < bytes.length; i++) {
    low = (low ^ bytes[i]!) >>> 0
    // The prime is 2^40 + 435: the product's low half is low · 435, its high half gets low << 8 from 2^40.
    const product = low * 435
    high = (Math.imul(high, 435) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0
    low = product >>> 0
  }
  return [high, low].map(half => half.toString(16).padStart(8, '0')).join('')
}

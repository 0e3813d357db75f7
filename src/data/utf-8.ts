const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text of well-formed UTF-8, or undefined. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

/** The offset of the first byte that does not belong to a well-formed UTF-8 sequence, or -1. */
export function invalidUtf8At(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at]!
    if (lead < 0x80) {
      at++
      continue
    }
    const size =
      lead >= 0xc2 && lead <= 0xdf
        ? 2
        : lead >= 0xe0 && lead <= 0xef
          ? 3
          : lead >= 0xf0 && lead <= 0xf4
            ? 4
            : 0
    if (size === 0) return at
    // Overlong forms, surrogates and code points past U+10FFFF are excluded by the second byte's range.
    let from = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    let to = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    for (let k = 1; k < size; k++) {
      const next = bytes[at + k]
      if (next === undefined || next < from || next > to) return at
      from = 0x80
      to = 0xbf
    }
    at += size
  }
  return -1
}

/** What is wrong with bytes that are not UTF-8. */
export function notUtf8(bytes: Uint8Array): string {
  const at = invalidUtf8At(bytes)
  return `is not UTF-8: byte 0x${bytes[at]?.toString(16)} at position ${at} fits no character`
}

/** The beginning of a text, on one line, at most 80 characters, for showing to a person. */
export function excerpt(text: string | Uint8Array): string {
  const head = typeof text === 'string' ? text.slice(0, 400) : lenient.decode(text.subarray(0, 400))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being removed
  const line = head.replace(/[\s\u0000-\u001f\u007f]+/g, ' ').trim()
  const characters = [...line]
  return characters.length <= 80 && text.length <= 400 ? line : `${characters.slice(0, 79).join('')}…`
}

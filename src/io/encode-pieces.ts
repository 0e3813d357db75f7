/** A stretch of text to tokenize together with those beside it. */
export interface TextPiece {
  readonly text: string
  /** Whether special tokens that it spells are text. */
  readonly literal: boolean
  readonly trained: boolean
}

export interface EncodedPieces {
  readonly ids: number[]
  /** 1 for each token that holds a character of a trained piece, else 0. */
  readonly mask: Uint8Array
}

/** What is needed of a tokenizer. */
export interface PieceEncoder {
  /** Ids of the pieces together. */
  encode(pieces: readonly TextPiece[]): number[]
  /** Text of ids, the same for the same beginning. */
  decode(ids: readonly number[]): string
  /** Whether a piece begins with a token that nothing before it can change, and that changes nothing before it. */
  begins(piece: TextPiece): boolean
}

/**
 * The ids of the joined text, and which of them are trained. A token that holds characters of two pieces is trained if
 * either is, as in transformers: white space at the beginning of an answer may join that of its header.
 */
export function encodePieces(given: readonly TextPiece[], encoder: PieceEncoder): EncodedPieces {
  // No token holds a character of an empty one.
  const pieces = given.filter(({ text }) => text !== '')
  // What lies between two certain boundaries is encoded by itself: beginnings of it are, again and again.
  const cuts = pieces.flatMap((piece, i) => (i > 0 && encoder.begins(piece) ? [i] : []))
  const sections = [0, ...cuts].map((from, i) => encodeSection(pieces.slice(from, cuts[i]), encoder))
  return {
    ids: sections.flatMap(({ ids }) => ids),
    mask: Uint8Array.from(sections.flatMap(({ mask }) => [...mask])),
  }
}

function encodeSection(pieces: readonly TextPiece[], { encode, decode }: PieceEncoder): EncodedPieces {
  const ids = encode(pieces)
  const mask = new Uint8Array(ids.length)
  let begin = 0
  for (const [i, { trained }] of pieces.entries()) {
    const next = pieces[i + 1]
    if (next && next.trained === trained) continue
    const [first, last] = next
      ? boundary(ids, encode(pieces.slice(0, i + 1)), decode)
      : [ids.length, ids.length]
    if (trained) mask.fill(1, begin, last)
    begin = first
  }
  return { ids, mask }
}

/**
 * Where in a text's ids a beginning of the text ends: the first token with a character behind it, and one more than the
 * last token with a character of it. The two are the same but for a token that holds both.
 */
function boundary(
  ids: readonly number[],
  beginning: readonly number[],
  decode: (ids: readonly number[]) => string,
): readonly [first: number, last: number] {
  let t = 0
  while (t < beginning.length && ids[t] === beginning[t]) t++
  if (t === beginning.length) return [t, t]
  // Up to t both hold the same characters. Further on one token more may reach the end, or over it.
  const length = decode(beginning).length
  while (t < ids.length) {
    const reached = decode(ids.slice(0, t + 1)).length
    if (reached > length) return [t, t + 1]
    t++
    if (reached === length) return [t, t]
  }
  return [t, t]
}

// Rows of components of 16 bits with sign, two in a word.

/// Both components of a word, the low half first.
fn components(word: u32) -> vec2i {
  return vec2i(bitcast<i32>(word << 16) >> 16, bitcast<i32>(word) >> 16);
}

// Weights stored as signed bytes with an f32 scale a row, for shaders that bind them as w: array<Stored>.
// A row is columns / 4 words of four bytes, the first in the lowest, then the word of the scale.

/// Four values, or a scale.
alias Stored = u32;

/// Values col .. col + 3 of a row of `columns` values, both multiples of 4.
fn weight4(row: u32, col: u32, columns: u32) -> vec4f {
  let begin = row * (columns / 4 + 1);
  let bytes = vec4i(bitcast<i32>(w[begin + col / 4])) << vec4u(24, 16, 8, 0);
  return bitcast<f32>(w[begin + columns / 4]) * vec4f(bytes >> vec4u(24));
}

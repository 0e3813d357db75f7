// Weights stored as signed bytes with an f32 scale a row, for shaders that bind them as w: array<Stored>.
// A row is columns / 4 words of four bytes, the first in the lowest, then the word of the scale.

/// Four values, or a scale.
alias Stored = u32;

/// Where a row of `columns` values begins.
fn row_start(row: u32, columns: u32) -> u32 { return row * (columns / 4 + 1); }

/// The col4-th four values of the row that begins at `start`, of `columns` values, a multiple of 4.
fn weight4_from(start: u32, col4: u32, columns: u32) -> vec4f {
  let bytes = vec4i(bitcast<i32>(w[start + col4])) << vec4u(24, 16, 8, 0);
  return bitcast<f32>(w[start + columns / 4]) * vec4f(bytes >> vec4u(24));
}

/// Values col .. col + 3 of a row of `columns` values, both multiples of 4.
fn weight4(row: u32, col: u32, columns: u32) -> vec4f {
  return weight4_from(row_start(row, columns), col / 4, columns);
}

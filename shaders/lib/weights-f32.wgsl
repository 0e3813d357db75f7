// Weights stored as f32, for shaders that bind them as w: array<Stored>.

/// Four values.
alias Stored = vec4f;

/// Values col .. col + 3 of a row of `columns` values, both multiples of 4.
fn weight4(row: u32, col: u32, columns: u32) -> vec4f {
  return w[(row * columns + col) / 4];
}

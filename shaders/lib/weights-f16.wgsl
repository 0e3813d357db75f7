// Weights stored as pairs of fp16 values, for shaders that bind them as w: array<Stored>.

/// Four values.
alias Stored = vec2u;

/// Values col .. col + 3 of a row of `columns` values, both multiples of 4.
fn weight4(row: u32, col: u32, columns: u32) -> vec4f {
  let pairs = w[(row * columns + col) / 4];
  return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
}

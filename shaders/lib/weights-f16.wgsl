// Weights stored as pairs of fp16 values, for shaders that bind them as w: array<Stored>.

/// Four values.
alias Stored = vec2u;

/// Where a row of `columns` values begins.
fn row_start(row: u32, columns: u32) -> u32 { return row * (columns / 4); }

/// The col4-th four values of the row that begins at `start`, of `columns` values, a multiple of 4.
fn weight4_from(start: u32, col4: u32, columns: u32) -> vec4f {
  let pairs = w[start + col4];
  return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
}

/// Values col .. col + 3 of a row of `columns` values, both multiples of 4.
fn weight4(row: u32, col: u32, columns: u32) -> vec4f {
  return weight4_from(row_start(row, columns), col / 4, columns);
}

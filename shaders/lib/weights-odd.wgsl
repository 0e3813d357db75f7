// Weights stored as f32 in rows of any number of values, for shaders that bind them as w: array<Stored>.

/// Four values, of one row or of two.
alias Stored = vec4f;

/// Where a row of `columns` values begins.
fn row_start(row: u32, columns: u32) -> u32 { return row * columns; }

/// The col4-th four values of the row that begins at `start`, of `columns` values: zero beyond its end.
fn weight4_from(start: u32, col4: u32, columns: u32) -> vec4f {
  let col = 4 * col4;
  var values = vec4f(0.0);
  for (var j = 0u; j < 4 && col + j < columns; j++) {
    let at = start + col + j;
    values[j] = w[at / 4][at % 4];
  }
  return values;
}

/// Values col .. col + 3, col a multiple of 4, of a row of `columns` values: zero beyond its end.
fn weight4(row: u32, col: u32, columns: u32) -> vec4f {
  return weight4_from(row_start(row, columns), col / 4, columns);
}

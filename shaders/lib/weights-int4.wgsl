// Weights stored as four bits with an fp16 scale for each GROUP of a row, for shaders that bind them as
// w: array<Stored>. A row is columns / 8 words of eight values plus 8, the first in the lowest bits, then the scales,
// two a word.

/// Eight values, or two scales.
alias Stored = u32;
/// Values that share a scale: a multiple of 8 that divides the row.
override GROUP: u32 = 32;

/// Where a row of `columns` values begins.
fn row_start(row: u32, columns: u32) -> u32 { return row * (columns / 8 + (columns / GROUP + 1) / 2); }

/// The col4-th four values of the row that begins at `start`, of `columns` values, a multiple of 4.
fn weight4_from(start: u32, col4: u32, columns: u32) -> vec4f {
  let bits = vec4u(w[start + col4 / 2] >> (col4 % 2 * 16));
  let group = 4 * col4 / GROUP;
  let scales = unpack2x16float(w[start + columns / 8 + group / 2]);
  let values = vec4f((bits >> vec4u(0, 4, 8, 12)) & vec4u(15)) - 8.0;
  return select(scales.x, scales.y, group % 2 == 1) * values;
}

/// Values col .. col + 3 of a row of `columns` values, both multiples of 4.
fn weight4(row: u32, col: u32, columns: u32) -> vec4f {
  return weight4_from(row_start(row, columns), col / 4, columns);
}

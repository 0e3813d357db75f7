// The end of products/quads.wgsl for a product that is done with four rows together.

fn finish_all(batch: u32, row: u32, col: u32, turn: u32, s0: mat4x4f, s1: mat4x4f, s2: mat4x4f) {
  finish(0, batch, row, col, in_order(s0, turn));
  finish(1, batch, row + 4, col, in_order(s1, turn));
  finish(2, batch, row + 8, col, in_order(s2, turn));
}

/// Four rows, of which the i-th is row i ^ turn, one after the other.
fn in_order(rows: mat4x4f, turn: u32) -> mat4x4f {
  let odd = (turn & 1) == 1;
  let a = select(rows[0], rows[1], odd);
  let b = select(rows[1], rows[0], odd);
  let c = select(rows[2], rows[3], odd);
  let d = select(rows[3], rows[2], odd);
  let high = (turn & 2) == 2;
  return mat4x4f(select(a, c, high), select(b, d, high), select(c, a, high), select(d, b, high));
}

// The end of products/quads.wgsl for a product that is done with each row by itself, as lib/finish-rows.wgsl.

/// One loop over all rows: a short end leaves SwiftShader's instruction cache to the loop over k. Sums i are of row i ^ turn.
fn finish_all(batch: u32, row: u32, col: u32, turn: u32, s0: mat4x4f, s1: mat4x4f, s2: mat4x4f) {
  let size = product_size();
  if (col >= size.y) { return; }
  var sums = array(s0[0], s0[1], s0[2], s0[3], s1[0], s1[1], s1[2], s1[3], s2[0], s2[1], s2[2], s2[3]);
  for (var i = 0u; i < 12; i++) {
    let at = row + (i ^ turn);
    if (at < size.x) { finish_row(batch, at, col, sums[i]); }
  }
}

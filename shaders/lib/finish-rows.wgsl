// The end of a product that is done with each row by itself: joined with the file of one that has finish_row, called for
// every row that exists and the columns col .. col + 3, of which the first does. linear-nt.wgsl says what a product gives.

fn finish(band: u32, batch: u32, row: u32, col: u32, sums: mat4x4f) {
  let size = product_size();
  if (col >= size.y) { return; }
  for (var i = 0u; i < 4 && row + i < size.x; i++) { finish_row(batch, row + i, col, sums[i]); }
}

fn conclude(band: u32, row: u32, part: u32) {}

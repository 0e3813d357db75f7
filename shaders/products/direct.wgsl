// Computes a product, joined with the file of one: each invocation owns 4 x 4 results and reads its operands straight
// from memory. No workgroup memory, no barrier, no feature: what every device can run, and shapes of any kind.
// What a product's file gives: see linear-nt.wgsl.

override LANES_M: u32 = 8;
override LANES_N: u32 = 8;

@compute @workgroup_size(LANES_N, LANES_M)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let size = product_size();
  let batch = id.z;
  let row = id.y * 4;
  if (row >= size.x) { return; }
  for (var col = id.x * 4; col < size.y; col += groups.x * LANES_N * 4) {
    var sums = mat4x4f();
    for (var k = 0u; k < size.z; k += 4) {
      let rows = left_rows(mat4x4f(
        left(batch, row, k, 0), left(batch, row, k, 1), left(batch, row, k, 2), left(batch, row, k, 3)));
      let steps = right_steps(mat4x4f(
        right(batch, k, col, 0), right(batch, k, col, 1), right(batch, k, col, 2), right(batch, k, col, 3)));
      sums += steps * rows;
    }
    finish(0, batch, row, col, sums);
  }
  conclude(0, row, id.x);
}

// Computes a product, joined with the file of one: each invocation owns 4 x 4 results and reads its operands straight
// from memory. No workgroup memory, no barrier, no feature: what every device can run, and shapes of any kind.
// What a product's file gives: see linear-nt.wgsl.

override LANES_M: u32 = 8;
override LANES_N: u32 = 8;

@compute @workgroup_size(LANES_N, LANES_M)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let size = product_size();
  let fours = (size.z + 3) / 4;
  let batch = id.z;
  let row = id.y * 4;
  if (row >= size.x) { return; }
  let l0 = left_start(batch, row, 0);
  let l1 = left_start(batch, row, 1);
  let l2 = left_start(batch, row, 2);
  let l3 = left_start(batch, row, 3);
  for (var col = id.x * 4; col < size.y; col += groups.x * LANES_N * 4) {
    let r0 = right_start(batch, col, 0);
    let r1 = right_start(batch, col, 1);
    let r2 = right_start(batch, col, 2);
    let r3 = right_start(batch, col, 3);
    var sums = mat4x4f();
    for (var k4 = 0u; k4 < fours; k4++) {
      let rows = left_rows(mat4x4f(left(l0, k4, 0), left(l1, k4, 1), left(l2, k4, 2), left(l3, k4, 3)));
      let steps = right_steps(mat4x4f(
        right(batch, r0, k4, 0), right(batch, r1, k4, 1), right(batch, r2, k4, 2), right(batch, r3, k4, 3)));
      sums += steps * rows;
    }
    finish(0, batch, row, col, sums);
  }
  conclude(0, row, id.x);
}

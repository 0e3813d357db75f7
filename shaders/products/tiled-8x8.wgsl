// Computes a product, joined with the file of one, lib/tiles.wgsl and lib/four-steps.wgsl: a workgroup stages tiles of both
// operands in its memory, and each invocation owns 8 x 8 results, as four blocks of 4 x 4: 64 multiplications for every
// four values it reads.
// What a product's file gives: see linear-nt.wgsl.

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let size = product_size();
  let fours = (size.z + 3) / 4;
  let batch = group.z;
  let row0 = group.y * BLOCKS_M * 4;
  let m = lane / LANES_N;
  let n = lane % LANES_N;
  let row = row0 + 4 * m;
  let width = 4 * BLOCKS_N;
  for (var col0 = group.x * width; col0 < size.y; col0 += groups.x * width) {
    var s00 = mat4x4f();
    var s01 = mat4x4f();
    var s10 = mat4x4f();
    var s11 = mat4x4f();
    for (var first = 0u; first < fours; first += STEPS) {
      workgroupBarrier();
      for (var i = lane; i < BLOCKS_M * STEPS; i += LANES) {
        stage_left(batch, row0, i / STEPS, i % STEPS, first, fours);
      }
      for (var i = lane; i < BLOCKS_N * STEPS; i += LANES) {
        stage_right(batch, col0, i % BLOCKS_N, i / BLOCKS_N, first, fours);
      }
      workgroupBarrier();
      for (var step = 0u; step < STEPS; step++) {
        let a0 = left_block(m, step);
        let a1 = left_block(LANES_M + m, step);
        let b0 = right_block(n, step);
        let b1 = right_block(LANES_N + n, step);
        s00 += block_steps(b0, a0);
        s01 += block_steps(b1, a0);
        s10 += block_steps(b0, a1);
        s11 += block_steps(b1, a1);
      }
    }
    let col = col0 + 4 * n;
    finish(0, batch, row, col, s00);
    finish(1, batch, row, col + 4 * LANES_N, s01);
    finish(2, batch, row + 4 * LANES_M, col, s10);
    finish(3, batch, row + 4 * LANES_M, col + 4 * LANES_N, s11);
  }
  // Each block of columns is a part of its own: so parts are made up of the same columns as with blocks of 4 x 4.
  let part = group.x * BLOCKS_N + n;
  conclude(0, row, part);
  conclude(1, row, part + LANES_N);
  conclude(2, row + 4 * LANES_M, part);
  conclude(3, row + 4 * LANES_M, part + LANES_N);
}

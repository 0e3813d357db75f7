// Computes a product, joined with the file of one, lib/tiles.wgsl and lib/four-steps.wgsl: a workgroup stages tiles of both
// operands in its memory, and each invocation owns one block of 4 x 4 results: few registers, many invocations. For small
// products, and devices with few registers.
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
    var sums = mat4x4f();
    for (var first = 0u; first < fours; first += STEPS) {
      workgroupBarrier();
      for (var i = lane; i < BLOCKS_M * STEPS; i += LANES) {
        stage_left(batch, row0, i / STEPS, i % STEPS, first, fours);
      }
      for (var i = lane; i < BLOCKS_N * STEPS; i += LANES) {
        stage_right(batch, col0, i % BLOCKS_N, i / BLOCKS_N, first, fours);
      }
      workgroupBarrier();
      for (var step = 0u; step < STEPS; step++) { sums += block_steps(right_block(n, step), left_block(m, step)); }
    }
    finish(0, batch, row, col0 + 4 * n, sums);
  }
  conclude(0, row, group.x * LANES_N + n);
}

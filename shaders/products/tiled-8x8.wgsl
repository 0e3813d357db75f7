// Computes a product, joined with the file of one: a workgroup stages tiles of both operands in its memory, 16 steps of
// k at a time, and each invocation owns 8 x 8 results, as four blocks of 4 x 4: 64 multiplications for every four
// values it reads. LANES_M x LANES_N invocations own 8 LANES_M x 8 LANES_N results.
// What a product's file gives: see linear-nt.wgsl.

override LANES_M: u32 = 8;
override LANES_N: u32 = 8;
override LANES: u32 = LANES_M * LANES_N;
/// Tiles' sizes in blocks of four rows and of four columns.
override BLOCKS_M: u32 = 2 * LANES_M;
override BLOCKS_N: u32 = 2 * LANES_N;
/// Blocks of four steps of k.
const STEPS = 4u;

/// [rows, STEPS], four steps of a row in each.
var<workgroup> left_tile: array<vec4f, BLOCKS_M * 4 * STEPS>;
/// [4 * STEPS, BLOCKS_N], four columns of a step in each.
var<workgroup> right_tile: array<vec4f, BLOCKS_N * 4 * STEPS>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let size = product_size();
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
    for (var k0 = 0u; k0 < size.z; k0 += 4 * STEPS) {
      workgroupBarrier();
      for (var i = lane; i < BLOCKS_M * STEPS; i += LANES) {
        stage_left(batch, row0, k0, i / STEPS, i % STEPS, size.z);
      }
      for (var i = lane; i < BLOCKS_N * STEPS; i += LANES) {
        stage_right(batch, col0, k0, i % BLOCKS_N, i / BLOCKS_N, size.z);
      }
      workgroupBarrier();
      for (var step = 0u; step < STEPS; step++) {
        let a0 = left_block(m, step);
        let a1 = left_block(LANES_M + m, step);
        let b0 = right_block(n, step);
        let b1 = right_block(LANES_N + n, step);
        s00 += b0 * a0;
        s01 += b1 * a0;
        s10 += b0 * a1;
        s11 += b1 * a1;
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

fn stage_left(batch: u32, row0: u32, k0: u32, quad: u32, step: u32, end: u32) {
  let row = row0 + 4 * quad;
  let k = k0 + 4 * step;
  var rows = mat4x4f();
  if (k < end) {
    rows = left_rows(mat4x4f(
      left(left_start(batch, row, 0), k, 0), left(left_start(batch, row, 1), k, 1),
      left(left_start(batch, row, 2), k, 2), left(left_start(batch, row, 3), k, 3)));
  }
  let at = 4 * quad * STEPS + step;
  for (var i = 0u; i < 4; i++) { left_tile[at + i * STEPS] = rows[i]; }
}

fn stage_right(batch: u32, col0: u32, k0: u32, quad: u32, step: u32, end: u32) {
  let col = col0 + 4 * quad;
  let k = k0 + 4 * step;
  var steps = mat4x4f();
  if (k < end) {
    steps = right_steps(mat4x4f(
      right(batch, right_start(batch, col, 0), k, 0), right(batch, right_start(batch, col, 1), k, 1),
      right(batch, right_start(batch, col, 2), k, 2), right(batch, right_start(batch, col, 3), k, 3)));
  }
  let at = 4 * step * BLOCKS_N + quad;
  for (var i = 0u; i < 4; i++) { right_tile[at + i * BLOCKS_N] = steps[i]; }
}

fn left_block(quad: u32, step: u32) -> mat4x4f {
  let at = 4 * quad * STEPS + step;
  return mat4x4f(
    left_tile[at], left_tile[at + STEPS], left_tile[at + 2 * STEPS], left_tile[at + 3 * STEPS]);
}

fn right_block(quad: u32, step: u32) -> mat4x4f {
  let at = 4 * step * BLOCKS_N + quad;
  return mat4x4f(
    right_tile[at], right_tile[at + BLOCKS_N], right_tile[at + 2 * BLOCKS_N], right_tile[at + 3 * BLOCKS_N]);
}

// Tiles of both operands of a product in a workgroup's memory, 16 steps of k at a time. LANES_M x LANES_N invocations own
// 4 SIDE LANES_M x 4 SIDE LANES_N results. SIDE, the blocks of 4 x 4 results along a side of what an invocation owns, is
// joined as a module; what a product's file gives: see linear-nt.wgsl.

override LANES_M: u32 = 8;
override LANES_N: u32 = 8;
override LANES: u32 = LANES_M * LANES_N;
/// Tiles' sizes in blocks of four rows and of four columns.
override BLOCKS_M: u32 = SIDE * LANES_M;
override BLOCKS_N: u32 = SIDE * LANES_N;
/// Blocks of four steps of k.
const STEPS = 4u;

/// [rows, STEPS], four steps of a row in each.
var<workgroup> left_tile: array<vec4f, BLOCKS_M * 4 * STEPS>;
/// [4 * STEPS, BLOCKS_N], four columns of a step in each.
var<workgroup> right_tile: array<vec4f, BLOCKS_N * 4 * STEPS>;

fn stage_left(batch: u32, row0: u32, quad: u32, step: u32, first: u32, end: u32) {
  let row = row0 + 4 * quad;
  let k4 = first + step;
  var rows = mat4x4f();
  if (k4 < end) {
    rows = left_rows(mat4x4f(
      left(left_start(batch, row, 0), k4, 0), left(left_start(batch, row, 1), k4, 1),
      left(left_start(batch, row, 2), k4, 2), left(left_start(batch, row, 3), k4, 3)));
  }
  let at = 4 * quad * STEPS + step;
  for (var i = 0u; i < 4; i++) { left_tile[at + i * STEPS] = rows[i]; }
}

fn stage_right(batch: u32, col0: u32, quad: u32, step: u32, first: u32, end: u32) {
  let col = col0 + 4 * quad;
  let k4 = first + step;
  var steps = mat4x4f();
  if (k4 < end) {
    steps = right_steps(mat4x4f(
      right(batch, right_start(batch, col, 0), k4, 0), right(batch, right_start(batch, col, 1), k4, 1),
      right(batch, right_start(batch, col, 2), k4, 2), right(batch, right_start(batch, col, 3), k4, 3)));
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

// Computes a product, joined with the file of one: a workgroup owns 4 x 4 results, and its invocations divide the steps
// of k among them. For few rows, one token at a time: neighbours read neighbouring weights where these run along K, and
// all of memory's bandwidth is used although there are few results.
// What a product's file gives: see linear-nt.wgsl.

const LANES = 64u;

/// [4, LANES]: each lane's sums, a row of four after the other.
var<workgroup> parts: array<vec4f, 4 * LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let size = product_size();
  let batch = group.z;
  let row = group.y * 4;
  for (var col = group.x * 4; col < size.y; col += groups.x * 4) {
    var sums = mat4x4f();
    for (var k = 4 * lane; k < size.z; k += 4 * LANES) {
      let rows = left_rows(mat4x4f(
        left(batch, row, k, 0), left(batch, row, k, 1), left(batch, row, k, 2), left(batch, row, k, 3)));
      let steps = right_steps(mat4x4f(
        right(batch, k, col, 0), right(batch, k, col, 1), right(batch, k, col, 2), right(batch, k, col, 3)));
      sums += steps * rows;
    }
    workgroupBarrier();
    for (var i = 0u; i < 4; i++) { parts[i * LANES + lane] = sums[i]; }
    // A lane adds up one row's sums of four lanes, then of four such, then of four of these: always in the same order.
    add_four(lane, 1);
    add_four(lane, 4);
    add_four(lane, 16);
    workgroupBarrier();
    if (lane == 0) {
      finish(0, batch, row, col, mat4x4f(parts[0], parts[LANES], parts[2 * LANES], parts[3 * LANES]));
    }
  }
  if (lane == 0) { conclude(0, row, group.x); }
}

fn add_four(lane: u32, distance: u32) {
  workgroupBarrier();
  let at = lane % 4 * LANES + lane / 4 * 4 * distance;
  if (lane / 4 * 4 * distance >= LANES) { return; }
  parts[at] += (parts[at + distance] + parts[at + 2 * distance]) + parts[at + 3 * distance];
}

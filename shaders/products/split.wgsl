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
  let l0 = left_start(batch, row, 0);
  let l1 = left_start(batch, row, 1);
  let l2 = left_start(batch, row, 2);
  let l3 = left_start(batch, row, 3);
  for (var col = group.x * 4; col < size.y; col += groups.x * 4) {
    let r0 = right_start(batch, col, 0);
    let r1 = right_start(batch, col, 1);
    let r2 = right_start(batch, col, 2);
    let r3 = right_start(batch, col, 3);
    var sums = mat4x4f();
    for (var k = 4 * lane; k < size.z; k += 4 * LANES) {
      let rows = left_rows(mat4x4f(left(l0, k, 0), left(l1, k, 1), left(l2, k, 2), left(l3, k, 3)));
      let steps = right_steps(mat4x4f(
        right(batch, r0, k, 0), right(batch, r1, k, 1), right(batch, r2, k, 2), right(batch, r3, k, 3)));
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

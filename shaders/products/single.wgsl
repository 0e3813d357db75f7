// Computes a product of one row, joined with the file of one whose operands both run along k, and with
// lib/four-steps.wgsl. A workgroup owns eight columns. Of 256 steps at a time each invocation computes what four of them
// add to four columns, so that the second operand, for which this waits, is read in pieces of 1 KiB; then one invocation of
// each four columns adds that up, in the order of k.
// What a product's file gives: see linear-nt.wgsl.

/// Blocks of four columns, and blocks of four steps of k.
const BLOCKS = 2u;
const STEPS = 64u;
const LANES = 128u;

/// What the steps add, [BLOCKS, STEPS], four columns in each.
var<workgroup> added: array<vec4f, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let size = product_size();
  let fours = (size.z + 3) / 4;
  let batch = group.z;
  let quad = lane / STEPS;
  let step = lane % STEPS;
  let row = left_start(batch, 0, 0);
  let width = 4 * BLOCKS;
  for (var col0 = group.x * width; col0 < size.y; col0 += groups.x * width) {
    let col = col0 + 4 * quad;
    let r0 = right_start(batch, col, 0);
    let r1 = right_start(batch, col, 1);
    let r2 = right_start(batch, col, 2);
    let r3 = right_start(batch, col, 3);
    var sums = vec4f();
    for (var first = 0u; first < fours; first += STEPS) {
      let k4 = first + step;
      if (k4 < fours) {
        let steps = right_steps(mat4x4f(
          right(batch, r0, k4, 0), right(batch, r1, k4, 1), right(batch, r2, k4, 2), right(batch, r3, k4, 3)));
        added[lane] = row_steps(steps, left(row, k4, 0));
      }
      workgroupBarrier();
      if (step == 0) {
        let count = min(STEPS, fours - first);
        for (var i = 0u; i < count; i++) { sums += added[lane + i]; }
      }
      workgroupBarrier();
    }
    // Of the four rows that this takes the last three are beyond the only one.
    if (step == 0) { finish(0, batch, 0, col, mat4x4f(sums, vec4f(), vec4f(), vec4f())); }
  }
  if (step == 0) { conclude(0, 0, group.x * BLOCKS + quad); }
}

// Computes a product, joined with the file of one: a workgroup owns 2 SUBGROUP rows, each invocation 4 of their columns.
// The lanes of a subgroup load a part of the rows each and hand it to the others, so that a row is loaded once for
// all of them. For devices whose loads cost many times as much as arithmetic: those that run on a processor.
// SUBGROUP, 4 or 8, the lanes of a subgroup, is joined as a module, with lib/subgroup-four.wgsl.
// What a product's file gives: see linear-nt.wgsl.

override LANES: u32 = 32;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) mine: u32,
) {
  let size = product_size();
  let batch = group.z;
  let row = group.y * 2 * SUBGROUP;
  let a_start = left_start(batch, row, mine);
  let b_start = left_start(batch, row, SUBGROUP + mine);
  // Lanes beyond the last column compute it again, and store nothing: all must be there to hand on their part.
  for (var col0 = group.x * LANES * 4; col0 < size.y; col0 += groups.x * LANES * 4) {
    let col = col0 + 4 * lane;
    let r0 = right_start(batch, col, 0);
    let r1 = right_start(batch, col, 1);
    let r2 = right_start(batch, col, 2);
    let r3 = right_start(batch, col, 3);
    // With 4 lanes there are two bands of four rows, the first and the third of these.
    var s0 = mat4x4f();
    var s1 = mat4x4f();
    var s2 = mat4x4f();
    var s3 = mat4x4f();
    for (var k = 0u; k < size.z; k += 4) {
      let steps = right_steps(mat4x4f(
        right(batch, r0, k, 0), right(batch, r1, k, 1), right(batch, r2, k, 2), right(batch, r3, k, 3)));
      let a = left(a_start, k, mine);
      let b = left(b_start, k, SUBGROUP + mine);
      s0 += steps * left_rows(first_four(a));
      if (SUBGROUP == 8) { s1 += steps * left_rows(last_four(a)); }
      s2 += steps * left_rows(first_four(b));
      if (SUBGROUP == 8) { s3 += steps * left_rows(last_four(b)); }
    }
    finish(0, batch, row, col, s0);
    if (SUBGROUP == 8) { finish(1, batch, row + 4, col, s1); }
    finish(2, batch, row + SUBGROUP, col, s2);
    if (SUBGROUP == 8) { finish(3, batch, row + SUBGROUP + 4, col, s3); }
  }
  let part = group.x * LANES + lane;
  conclude(0, row, part);
  if (SUBGROUP == 8) { conclude(1, row + 4, part); }
  conclude(2, row + SUBGROUP, part);
  if (SUBGROUP == 8) { conclude(3, row + SUBGROUP + 4, part); }
}

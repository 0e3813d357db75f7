// Computes a product, joined with the file of one, lib/dot-steps.wgsl and lib/subgroup-four.wgsl, for subgroups of eight
// lanes: a workgroup owns 16 rows, each invocation 4 of their columns. The lanes of a subgroup load a part of the rows
// each and hand it to the others, so that a row is loaded once for all of them. For devices whose loads cost many times
// as much as arithmetic: those that run on a processor.
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
  let fours = (size.z + 3) / 4;
  let batch = group.z;
  let row = group.y * 16;
  let a_start = left_start(batch, row, mine);
  let b_start = left_start(batch, row, 8 + mine);
  // Lanes beyond the last column compute it again, and store nothing: all must be there to hand on their part.
  for (var col0 = group.x * LANES * 4; col0 < size.y; col0 += groups.x * LANES * 4) {
    let col = col0 + 4 * lane;
    let r0 = right_start(batch, col, 0);
    let r1 = right_start(batch, col, 1);
    let r2 = right_start(batch, col, 2);
    let r3 = right_start(batch, col, 3);
    var s0 = mat4x4f();
    var s1 = mat4x4f();
    var s2 = mat4x4f();
    var s3 = mat4x4f();
    for (var k4 = 0u; k4 < fours; k4++) {
      let columns = transpose(right_steps(mat4x4f(
        right(batch, r0, k4, 0), right(batch, r1, k4, 1), right(batch, r2, k4, 2), right(batch, r3, k4, 3))));
      let a = left(a_start, k4, mine);
      let b = left(b_start, k4, 8 + mine);
      s0 = with_steps(s0, columns, left_rows(first_four(a)));
      s1 = with_steps(s1, columns, left_rows(last_four(a)));
      s2 = with_steps(s2, columns, left_rows(first_four(b)));
      s3 = with_steps(s3, columns, left_rows(last_four(b)));
    }
    finish(0, batch, row, col, s0);
    finish(1, batch, row + 4, col, s1);
    finish(2, batch, row + 8, col, s2);
    finish(3, batch, row + 12, col, s3);
  }
  let part = group.x * LANES + lane;
  conclude(0, row, part);
  conclude(1, row + 4, part);
  conclude(2, row + 8, part);
  conclude(3, row + 12, part);
}

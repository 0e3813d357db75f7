// What broadcast.wgsl does, with what it is joined with, for subgroups of four lanes, a quad: a workgroup owns 12 rows. Lanes
// exchange their parts, one instruction each where handing one to all lanes takes several. So the i-th part that a lane gets
// is part mine ^ i of the four. Where parts are rows, its sums are of rows in that order, which lib/quad-rows.wgsl or
// lib/quad-bands.wgsl mends; where they are steps of k, it takes the columns' steps in that order, too.
// What a product's file gives: see linear-nt.wgsl.

override LANES: u32 = 8;

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
  let row = group.y * 12;
  let a_start = left_start(batch, row, mine);
  let b_start = left_start(batch, row, 4 + mine);
  let c_start = left_start(batch, row, 8 + mine);
  let turn = select(0u, mine, PARTS_ARE_STEPS);
  let order = vec4u(turn) ^ vec4u(0, 1, 2, 3);
  // Lanes beyond the last column compute it again, and store nothing: all must be there to hand on their part.
  for (var col0 = group.x * LANES * 4; col0 < size.y; col0 += groups.x * LANES * 4) {
    let col = col0 + 4 * lane;
    let r0 = right_start(batch, col, order.x);
    let r1 = right_start(batch, col, order.y);
    let r2 = right_start(batch, col, order.z);
    let r3 = right_start(batch, col, order.w);
    var s0 = mat4x4f();
    var s1 = mat4x4f();
    var s2 = mat4x4f();
    for (var k4 = 0u; k4 < fours; k4++) {
      let columns = transpose(right_steps(mat4x4f(
        right(batch, r0, k4, order.x), right(batch, r1, k4, order.y),
        right(batch, r2, k4, order.z), right(batch, r3, k4, order.w))));
      s0 = with_steps(s0, columns, left_rows(exchanged(left(a_start, k4, mine))));
      s1 = with_steps(s1, columns, left_rows(exchanged(left(b_start, k4, 4 + mine))));
      s2 = with_steps(s2, columns, left_rows(exchanged(left(c_start, k4, 8 + mine))));
    }
    finish_all(batch, row, col, mine ^ turn, s0, s1, s2);
  }
  let part = group.x * LANES + lane;
  conclude(0, row, part);
  conclude(1, row + 4, part);
  conclude(2, row + 8, part);
}

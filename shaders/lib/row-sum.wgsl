// Sum over a small workgroup that owns a row, in a fixed order. With few lanes, reading all their sums costs less
// than a tree's barriers: on software adapters 2048 rows of 128 take a ninth of the time of 64 lanes and a tree.

override LANES: u32 = 16;

var<workgroup> lane_sums: array<f32, LANES>;

/// Returns the sum of `value` over the workgroup, in every lane. For one call a kernel: a second would need a
/// barrier before it.
fn row_sum(value: f32, lane: u32) -> f32 {
  lane_sums[lane] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < LANES; i++) { sum += lane_sums[i]; }
  return sum;
}

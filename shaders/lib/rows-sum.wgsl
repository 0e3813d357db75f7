// Sums over the rows that a workgroup owns, LANES invocations each, in a fixed order: for the few lanes of a row, reading
// all their sums costs less than a tree's barriers.

override LANES: u32 = 32;
override ROWS: u32 = 4;

var<workgroup> lane_sums: array<f32, LANES * ROWS>;

/// Returns the sum of `value` over a row's lanes, in every lane. For one call a kernel: a second would need a
/// barrier before it.
fn row_sum(value: f32, lane: u32, row: u32) -> f32 {
  lane_sums[row * LANES + lane] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < LANES; i++) { sum += lane_sums[row * LANES + i]; }
  return sum;
}

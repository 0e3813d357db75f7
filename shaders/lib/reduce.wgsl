// Workgroup-wide tree reduction in a fixed order. WORKGROUP_SIZE must be a power of two.

override WORKGROUP_SIZE: u32 = 64;

var<workgroup> partial: array<f32, WORKGROUP_SIZE>;

/// Returns the sum of `value` over the workgroup, in every lane.
fn workgroup_sum(value: f32, lane: u32) -> f32 {
  workgroupBarrier(); // `partial` may still be in use by an earlier call
  partial[lane] = value;
  workgroupBarrier();
  for (var half = WORKGROUP_SIZE / 2; half > 0; half /= 2) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  return partial[0];
}

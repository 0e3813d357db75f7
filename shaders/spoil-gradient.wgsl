// gradient[0] = NaN, if one of the values is not finite; nothing else changes
//
// values [N]   gradient [G]. One workgroup.

struct Params {
  N: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  var mine = 0.0;
  for (var n = lane; n < params.N; n += WORKGROUP_SIZE) {
    // By the exponent's bits: WGSL may assume that no value is infinite or NaN.
    let finite = (bitcast<u32>(values[n]) & 0x7f800000u) != 0x7f800000u;
    mine += select(1.0, 0.0, finite);
  }
  let count = workgroup_sum(mine, lane);
  if (lane == 0 && count > 0.0) { gradient[0] = bitcast<f32>(0x7fc00000u | u32(count)); }
}

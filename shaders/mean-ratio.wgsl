// total[0] += scale * sum_s sums[s, 1]
//
// sums [S, 2]: from sequence-sums; column 1 is the sequence's log-ratio   scale [1]   total [1]. One workgroup.

struct Params {
  S: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read_write> total: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  var mine = 0.0;
  for (var s = lane; s < params.S; s += WORKGROUP_SIZE) { mine += sums[s * 2 + 1]; }
  let all = workgroup_sum(mine, lane);
  if (lane == 0) { total[0] += scale[0] * all; }
}

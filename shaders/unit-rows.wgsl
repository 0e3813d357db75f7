// y[n,c] = x[n,c] / max(sqrt(sum_c x[n,c]^2), 1e-12)
//
// x, y [N, C]. One workgroup per row n; lanes stride over c. Sums in f32: where squares vanish, lengths are below
// 1e-12 anyway.

struct Params {
  N: u32,
  C: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_workgroup(group, groups);
  if (n >= params.N) { return; }
  let row = n * params.C;
  var squares = 0.0;
  for (var c = lane; c < params.C; c += LANES) { squares += x[row + c] * x[row + c]; }
  let length = max(sqrt(row_sum(squares, lane)), 1e-12);
  for (var c = lane; c < params.C; c += LANES) { y[row + c] = x[row + c] / length; }
}

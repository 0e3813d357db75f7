// y[n,c] = x[n,c] * rstd[n] * (offset + w[c]),  rstd[n] = 1 / sqrt(mean_c x[n,c]^2 + eps)
//
// x [N, C]   w [C]   y [N, C]   rstd [N] (kept for the backward pass)
// One workgroup per row n; lanes stride over c. Sums in f32.

struct Params {
  N: u32,
  C: u32,
  eps: f32,
  offset: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

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
  for (var c = lane; c < params.C; c += LANES) {
    squares += x[row + c] * x[row + c];
  }
  let r = inverseSqrt(row_sum(squares, lane) / f32(params.C) + params.eps);
  for (var c = lane; c < params.C; c += LANES) {
    y[row + c] = x[row + c] * r * (params.offset + w[c]);
  }
  if (lane == 0) { rstd[n] = r; }
}

// y[n,c] = (x[n,c] - mean[n]) * rstd[n] * w[c] + b[c]
// mean[n] = mean_c x[n,c],  rstd[n] = 1 / sqrt(mean_c (x[n,c] - mean[n])^2 + eps)
//
// x [N, C]   w, b [C]   y [N, C]   mean, rstd [N] (kept for the backward pass)
// One workgroup per row n; lanes stride over c. Sums in f32. The mean is taken off before squares are summed: their
// difference would lose what rows far from zero vary by.

struct Params {
  N: u32,
  C: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_workgroup(group, groups);
  if (n >= params.N) { return; }
  let row = n * params.C;
  var sum = 0.0;
  for (var c = lane; c < params.C; c += LANES) { sum += x[row + c]; }
  let m = row_sum(sum, lane) / f32(params.C);
  var squares = 0.0;
  for (var c = lane; c < params.C; c += LANES) {
    let off = x[row + c] - m;
    squares += off * off;
  }
  workgroupBarrier();
  let r = inverseSqrt(row_sum(squares, lane) / f32(params.C) + params.eps);
  for (var c = lane; c < params.C; c += LANES) {
    y[row + c] = (x[row + c] - m) * r * w[c] + b[c];
  }
  if (lane == 0) {
    mean[n] = m;
    rstd[n] = r;
  }
}

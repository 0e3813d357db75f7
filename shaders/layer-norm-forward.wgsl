// y[n,c] = (x[n,c] - mean[n]) * rstd[n] * w[c] + b[c]
// mean[n] = mean_c x[n,c],  rstd[n] = 1 / sqrt(mean_c (x[n,c] - mean[n])^2 + eps)
//
// x [N, C]   w, b [C]   y [N, C]   mean, rstd [N] (kept for the backward pass)
// One workgroup per ROWS rows n; the LANES lanes of a row stride over its Values. Sums in f32. The mean is taken off
// before squares are summed: their difference would lose what rows far from zero vary by.

struct Params {
  N: u32,
  C: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> w: array<Value>;
@group(0) @binding(3) var<storage, read> b: array<Value>;
@group(0) @binding(4) var<storage, read_write> y: array<Value>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let n = linear_workgroup(group, groups) * ROWS + local.y;
  let width = params.C / WIDTH;
  let row = n * width;
  // A row that is not there has no values: all lanes must reach the barriers.
  let end = select(0u, width, n < params.N);
  var sum = 0.0;
  for (var c = local.x; c < end; c += LANES) { sum += total(x[row + c]); }
  let m = row_sum(sum, local.x, local.y) / f32(params.C);
  var squares = 0.0;
  for (var c = local.x; c < end; c += LANES) {
    let off = x[row + c] - m;
    squares += total(off * off);
  }
  workgroupBarrier();
  let r = inverseSqrt(row_sum(squares, local.x, local.y) / f32(params.C) + params.eps);
  for (var c = local.x; c < end; c += LANES) { y[row + c] = (x[row + c] - m) * r * w[c] + b[c]; }
  if (local.x == 0 && n < params.N) {
    mean[n] = m;
    rstd[n] = r;
  }
}

// dx[n,c] = rstd[n] * (g[c] - h[c] * mean_j g[j] * h[j])  (+ dx[n,c] if accumulate),
// g = (offset + w) * dy[n], h = x[n] * rstd[n]
//
// x [N, C]   w [C]   rstd [N]   dy [N, C]   dx [N, C]
// One workgroup per row n; lanes stride over c. Sums in f32. Multiplying by rstd one factor at a time keeps
// rows of any size in range, where rstd^3 would not be.

struct Params {
  N: u32,
  C: u32,
  offset: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_workgroup(group, groups);
  if (n >= params.N) { return; }
  let row = n * params.C;
  let r = rstd[n];
  var products = 0.0;
  for (var c = lane; c < params.C; c += LANES) {
    products += (params.offset + w[c]) * dy[row + c] * (x[row + c] * r);
  }
  let mean = row_sum(products, lane) / f32(params.C);
  for (var c = lane; c < params.C; c += LANES) {
    let slope = r * ((params.offset + w[c]) * dy[row + c] - x[row + c] * r * mean);
    dx[row + c] = slope + select(0.0, dx[row + c], params.accumulate == 1);
  }
}

// dx[n,c] = rstd[n] * (g[c] - mean_j g[j] - h[c] * mean_j g[j] * h[j])  (+ dx[n,c] if accumulate),
// g = w * dy[n], h = (x[n] - mean[n]) * rstd[n]
//
// x [N, C]   w [C]   mean, rstd [N]   dy [N, C]   dx [N, C]
// One workgroup per row n; lanes stride over c. Sums in f32.

struct Params {
  N: u32,
  C: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_workgroup(group, groups);
  if (n >= params.N) { return; }
  let row = n * params.C;
  let m = mean[n];
  let r = rstd[n];
  var slopes = 0.0;
  var products = 0.0;
  for (var c = lane; c < params.C; c += LANES) {
    let g = w[c] * dy[row + c];
    slopes += g;
    products += g * ((x[row + c] - m) * r);
  }
  let slope = row_sum(slopes, lane) / f32(params.C);
  workgroupBarrier();
  let product = row_sum(products, lane) / f32(params.C);
  for (var c = lane; c < params.C; c += LANES) {
    let h = (x[row + c] - m) * r;
    let own = r * (w[c] * dy[row + c] - slope - h * product);
    dx[row + c] = own + select(0.0, dx[row + c], params.accumulate == 1);
  }
}

// dx[n,c] = rstd[n] * (g[c] - mean_j g[j] - h[c] * mean_j g[j] * h[j])  (+ dx[n,c] if accumulate),
// g = w * dy[n], h = (x[n] - mean[n]) * rstd[n]
//
// x [N, C]   w [C]   mean, rstd [N]   dy [N, C]   dx [N, C]
// One workgroup per ROWS rows n; the LANES lanes of a row stride over its Values. Sums in f32.

struct Params {
  N: u32,
  C: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> w: array<Value>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<Value>;
@group(0) @binding(6) var<storage, read_write> dx: array<Value>;

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
  let m = mean[min(n, params.N - 1)];
  let r = rstd[min(n, params.N - 1)];
  var slopes = 0.0;
  var products = 0.0;
  for (var c = local.x; c < end; c += LANES) {
    let g = w[c] * dy[row + c];
    slopes += total(g);
    products += total(g * ((x[row + c] - m) * r));
  }
  let slope = row_sum(slopes, local.x, local.y) / f32(params.C);
  workgroupBarrier();
  let product = row_sum(products, local.x, local.y) / f32(params.C);
  for (var c = local.x; c < end; c += LANES) {
    let h = (x[row + c] - m) * r;
    let own = r * (w[c] * dy[row + c] - slope - h * product);
    if (params.accumulate == 1) { dx[row + c] += own; } else { dx[row + c] = own; }
  }
}

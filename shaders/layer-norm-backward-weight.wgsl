// dw[c] = sum_n dy[n,c] * (x[n,c] - mean[n]) * rstd[n]  (+ dw[c] if accumulate)
//
// x [N, C]   mean, rstd [N]   dy [N, C]   dw [C]
// A workgroup owns LANES_C columns; each of its LANES_N rows of lanes sums every LANES_N-th row n, and the first
// adds their sums in order.

override LANES_C: u32 = 16;
override LANES_N: u32 = 16;

struct Params {
  N: u32,
  C: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dw: array<f32>;

var<workgroup> sums: array<f32, LANES_C * LANES_N>;

@compute @workgroup_size(LANES_C, LANES_N)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let c = id.x;
  var sum = 0.0;
  if (c < params.C) {
    for (var n = local.y; n < params.N; n += LANES_N) {
      sum += dy[n * params.C + c] * ((x[n * params.C + c] - mean[n]) * rstd[n]);
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (local.y > 0 || c >= params.C) { return; }
  for (var i = 1u; i < LANES_N; i++) { sum += sums[i * LANES_C + local.x]; }
  dw[c] = sum + select(0.0, dw[c], params.accumulate == 1);
}

// y[t,h,k] = x[t,h,k] * c - x[t,h,k+K] * s,  y[t,h,k+K] = x[t,h,k+K] * c + x[t,h,k] * s,  k < K
// y[t,h,d] = x[t,h,d],  d >= 2K  (+ y if accumulate)
// with c + is = (coarse[a,0,k] + i coarse[a,1,k]) * (fine[b,0,k] + i fine[b,1,k]),  positions[t] = 256a + b.
// direction = -1 rotates back.
//
// x, y [T, H, D]   positions [T]   coarse [A, 2, K], fine [256, 2, K]: cosines, then sines.
// One invocation per token, HEADS heads, and Value of pairs (k, k + K) or beyond them: heads share their angles.

override HEADS: u32 = 4;
override WORKGROUP_SIZE: u32 = 64;

struct Params {
  T: u32,
  H: u32,
  D: u32,
  K: u32,
  direction: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> coarse: array<Value>;
@group(0) @binding(4) var<storage, read> fine: array<Value>;
@group(0) @binding(5) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  let H = params.H;
  let D = params.D / WIDTH;
  let K = params.K / WIDTH;
  let width = D - K;
  let parts = (H + HEADS - 1) / HEADS;
  if (i >= params.T * parts * width) { return; }
  let k = i % width;
  let part = (i / width) % parts;
  let t = i / (width * parts);
  let begin = (t * H + part * HEADS) * D + k;
  let end = (t * H + min(part * HEADS + HEADS, H)) * D;
  let more = params.accumulate == 1;
  if (k >= K) {
    for (var d = begin + K; d < end; d += D) { y[d] = x[d] + select(Value(0.0), y[d], more); }
    return;
  }
  let near = (positions[t] % 256) * 2 * K + k;
  let far = (positions[t] / 256) * 2 * K + k;
  let c = coarse[far] * fine[near] - coarse[far + K] * fine[near + K];
  let s = (coarse[far + K] * fine[near] + coarse[far] * fine[near + K]) * params.direction;
  for (var d = begin; d < end; d += D) {
    let a = x[d];
    let b = x[d + K];
    y[d] = a * c - b * s + select(Value(0.0), y[d], more);
    y[d + K] = b * c + a * s + select(Value(0.0), y[d + K], more);
  }
}

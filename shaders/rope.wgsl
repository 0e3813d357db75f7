// y[t,h,k] = x[t,h,k] * cos - x[t,h,k+K] * sin,  y[t,h,k+K] = x[t,h,k+K] * cos + x[t,h,k] * sin,
// with the cosine and the sine at [positions[t], k] and K = D / 2  (+ y if accumulate). direction = -1 rotates back.
//
// x, y [T, H, D]   positions [T]   cosines, sines [P, K]. One invocation per pair (t, h, k).

struct Params {
  T: u32,
  H: u32,
  K: u32,
  direction: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> cosines: array<f32>;
@group(0) @binding(4) var<storage, read> sines: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.T * params.H * params.K) { return; }
  let k = i % params.K;
  let angle = positions[i / (params.K * params.H)] * params.K + k;
  let c = cosines[angle];
  let s = sines[angle] * params.direction;
  let first = i / params.K * 2 * params.K + k;
  let second = first + params.K;
  let a = x[first];
  let b = x[second];
  let more = params.accumulate == 1;
  y[first] = a * c - b * s + select(0.0, y[first], more);
  y[second] = b * c + a * s + select(0.0, y[second], more);
}

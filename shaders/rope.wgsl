// y[t,h,k] = x[t,h,k] * c - x[t,h,k+K] * s,  y[t,h,k+K] = x[t,h,k+K] * c + x[t,h,k] * s,
// with the cosine c and the sine s at [positions[t], k] and K = D / 2  (+ y if accumulate).
// direction = -1 rotates back.
//
// x, y [T, H, D]   positions [T]   cosines, sines [P, K], all in fours: K is a multiple of 4.
// One invocation per four pairs (t, h, k .. k + 3).

struct Params {
  T: u32,
  H: u32,
  K: u32,
  direction: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> cosines: array<vec4f>;
@group(0) @binding(4) var<storage, read> sines: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  let fours = params.K / 4;
  if (i >= params.T * params.H * fours) { return; }
  let head = i / fours;
  let k = i % fours;
  let angle = positions[head / params.H] * fours + k;
  let c = cosines[angle];
  let s = sines[angle] * params.direction;
  let first = head * 2 * fours + k;
  let second = first + fours;
  let a = x[first];
  let b = x[second];
  let more = params.accumulate == 1;
  y[first] = a * c - b * s + select(vec4f(0.0), y[first], more);
  y[second] = b * c + a * s + select(vec4f(0.0), y[second], more);
}

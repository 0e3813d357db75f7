// stats[1, h, t] = sum_d do[t,h,d] * o[t,h,d]: what the softmax's backward pass subtracts.
//
// o, do [T, H, D], in fours   stats [2, H, T]. One invocation per query and head.

struct Params {
  T: u32,
  H: u32,
  D: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> o: array<vec4f>;
@group(0) @binding(2) var<storage, read> dout: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> stats: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let t = group.x * 64 + lane;
  let h = group.y;
  if (t >= params.T) { return; }
  let fours = params.D / 4;
  let row = (t * params.H + h) * fours;
  var dots = vec4f(0.0);
  for (var d = 0u; d < fours; d++) { dots += o[row + d] * dout[row + d]; }
  stats[(params.H + h) * params.T + t] = dots.x + dots.y + dots.z + dots.w;
}

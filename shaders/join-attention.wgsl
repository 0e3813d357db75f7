// o[t,h] = (exp(a) o[t,h] + exp(b) other[t,h]) / (exp(a) + exp(b)): attention over the keys of both, where
// a = stats[0,h,t] and b = other_stats[0,h,t] are the log sum exps of their scores
//
// o, other [T, H, D], in fours   stats, other_stats [2, H, T]. One invocation per four values.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  T: u32,
  H: u32,
  D: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> o: array<vec4f>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> other: array<vec4f>;
@group(0) @binding(4) var<storage, read> other_stats: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  if (i * 4 >= params.T * params.H * params.D) { return; }
  let head = i * 4 / params.D;
  let row = (head % params.H) * params.T + head / params.H;
  let more = other_stats[row] - stats[row];
  // The larger of both weights is 1, so that neither overflows.
  let own_weight = exp(min(-more, 0.0));
  let other_weight = exp(min(more, 0.0));
  o[i] = (own_weight * o[i] + other_weight * other[i]) / (own_weight + other_weight);
}

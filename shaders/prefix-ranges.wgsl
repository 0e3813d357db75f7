// ranges[t] = [0, P - 1, 0, T - 1]: every query sees every row of the prefix
//
// ranges [T, 4]. One invocation per token.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  T: u32,
  P: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> ranges: array<vec4u>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  if (t >= params.T) { return; }
  ranges[t] = vec4u(0, params.P - 1, 0, params.T - 1);
}

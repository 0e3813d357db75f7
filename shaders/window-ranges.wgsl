// y[t] = [max(first, last - window + 1), last, first query, min(last query, first query + window - 1)]
//
// ranges, y [T, 4]: first and last key of query t, first and last query of key t. One invocation per token.
// window is at least one. Differences are taken before they are compared: no sum overflows.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  T: u32,
  window: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ranges: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4u>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  if (t >= params.T) { return; }
  let r = ranges[t];
  let before = params.window - 1;
  y[t] = vec4u(r.y - min(r.y - r.x, before), r.y, r.z, r.z + min(r.w - r.z, before));
}

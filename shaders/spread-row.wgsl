// y[n,o] = b[o]
//
// b [O]   y [N, O]. One invocation per element.

struct Params {
  N: u32,
  O: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 256 + lane;
  if (i >= params.N * params.O) { return; }
  y[i] = b[i % params.O];
}

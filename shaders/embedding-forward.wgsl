// y[t] = w[ids[t]]
//
// ids [T]: each below V   w [V, C]   y [T, C]. One invocation per element.

struct Params {
  T: u32,
  C: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.T * params.C) { return; }
  y[i] = w[ids[i / params.C] * params.C + i % params.C];
}

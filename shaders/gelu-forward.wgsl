// y = activation(x), element by element; a module joined to this one says which.
//
// x, y [N, F], in fours. One invocation per four; y has its memory to itself, so the last four may be written where
// fewer remain.

struct Params {
  N: u32,
  F: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i * 4 >= params.N * params.F) { return; }
  y[i] = activation(x[i]);
}

// y[n,c] = x[n, first + c]
//
// x [N, S]   y [N, C]: the columns of x from `first` on. One invocation per element of y.

struct Params {
  N: u32,
  S: u32,
  C: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 256 + lane;
  if (i >= params.N * params.C) { return; }
  y[i] = x[i / params.C * params.S + params.first + i % params.C];
}

// y[at + m, :] = x[rows[m], :]
//
// x [B, P]   rows [M]   y [K, P]. One invocation copies four values.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  M: u32,
  P: u32,
  at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  let quads = params.P / 4;
  if (i >= params.M * quads) { return; }
  y[params.at * quads + i] = x[rows[i / quads] * quads + i % quads];
}

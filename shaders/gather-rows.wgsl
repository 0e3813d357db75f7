// y[at + m, :] = x[rows[m], :]
//
// x [B, V]   rows [M]   y [K, V]. One invocation copies two words.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  M: u32,
  V: u32,
  at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2u>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2u>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  let pairs = params.V / 2;
  if (i >= params.M * pairs) { return; }
  y[params.at * pairs + i] = x[rows[i / pairs] * pairs + i % pairs];
}

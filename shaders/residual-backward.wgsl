// dx = dy  (+ dx if accumulate), element by element
//
// dy, dx [N, C]. One invocation per element.

struct Params {
  N: u32,
  C: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.N * params.C) { return; }
  dx[i] = dy[i] + select(0.0, dx[i], params.accumulate == 1);
}

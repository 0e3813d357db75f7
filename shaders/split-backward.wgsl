// dx[n, first + c] = dy[n,c]  (+ dx[n, first + c] if accumulate)
//
// dy [N, C]   dx [N, S]: its columns from `first` on. One invocation per element of dy.

struct Params {
  N: u32,
  S: u32,
  C: u32,
  first: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 256 + lane;
  if (i >= params.N * params.C) { return; }
  let at = i / params.C * params.S + params.first + i % params.C;
  dx[at] = dy[i] + select(0.0, dx[at], params.accumulate == 1);
}

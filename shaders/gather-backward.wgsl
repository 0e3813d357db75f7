// dx[index[r]] += dy[r], where index[r] < N
//
// dx [N, C]   index [R]: no row twice, so that every element of dx has one writer   dy [R, C].
// One invocation per element of dy.

struct Params {
  N: u32,
  C: u32,
  R: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.R * params.C) { return; }
  let n = index[i / params.C];
  if (n < params.N) { dx[n * params.C + i % params.C] += dy[i]; }
}

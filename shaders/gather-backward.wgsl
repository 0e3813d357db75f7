// dx[index[r]] += dy[r], where index[r] < N
//
// dx [N, C]   index [R]: no row twice, so that every element of dx has one writer   dy [R, C].
// One invocation per Value of dy.

struct Params {
  N: u32,
  C: u32,
  R: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Value>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> dx: array<Value>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  let width = params.C / WIDTH;
  if (i >= params.R * width) { return; }
  let n = index[i / width];
  if (n < params.N) { dx[n * width + i % width] += dy[i]; }
}

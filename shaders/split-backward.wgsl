// dx[n, first + c] = dy[n,c]  (+ dx[n, first + c] if accumulate)
//
// dy [N, C]   dx [N, S]: its columns from `first` on. One invocation per Value of dy.

struct Params {
  N: u32,
  S: u32,
  C: u32,
  first: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Value>;
@group(0) @binding(2) var<storage, read_write> dx: array<Value>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 256 + lane;
  let width = params.C / WIDTH;
  if (i >= params.N * width) { return; }
  let at = (i / width * params.S + params.first) / WIDTH + i % width;
  if (params.accumulate == 1) { dx[at] += dy[i]; } else { dx[at] = dy[i]; }
}

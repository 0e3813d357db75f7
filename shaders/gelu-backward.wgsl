// dx = dy * activation_slope(x)  (+ dx if accumulate); a module joined to this one says which activation.
//
// x, dy, dx [N, F], in fours. One invocation per four.

struct Params {
  N: u32,
  F: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  let size = params.N * params.F;
  if (i * 4 >= size) { return; }
  let sum = dy[i] * activation_slope(x[i]) + select(vec4f(0.0), dx[i], params.accumulate == 1);
  if (size - i * 4 >= 4) {
    dx[i] = sum;
    return;
  }
  // Another gradient may begin where this one ends.
  for (var j = 0u; j < size - i * 4; j++) { dx[i][j] = sum[j]; }
}

// y[r] = x[index[r]], or zeros where index[r] >= N
//
// x [N, C]   index [R]   y [R, C]. One invocation per Value of y.

struct Params {
  N: u32,
  C: u32,
  R: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<Value>;

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
  var value = Value(0.0);
  if (n < params.N) { value = x[n * width + i % width]; }
  y[i] = value;
}

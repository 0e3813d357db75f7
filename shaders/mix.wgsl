// y = alpha x + (1 - alpha) y
//
// x, y [N], finite. One invocation per value. alpha 1 copies x, bit by bit.

struct Params {
  N: u32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.N) { return; }
  y[i] = params.alpha * x[i] + (1.0 - params.alpha) * y[i];
}

// w[o,i] *= magnitude[first+o] / norm[first+o]
//
// w [N, I]: rows `first` to first + N of the matrix   magnitude, norm [O]. One invocation per value.

struct Params {
  N: u32,
  I: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> magnitude: array<f32>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read_write> w: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.N * params.I) { return; }
  w[i] *= dora_ratio(params.first + i / params.I);
}

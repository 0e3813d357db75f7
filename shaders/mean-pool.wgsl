// y[s,c] = sum_i x[starts[s] + i, c] / lengths[s], i = 0 … lengths[s] - 1; 0 if there is none
//
// x [T, C]   starts [S]   lengths [S]   y [S, C]. One invocation a value.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  S: u32,
  C: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  if (at >= params.S * params.C) { return; }
  let s = at / params.C;
  let c = at % params.C;
  let n = lengths[s];
  var sum = 0.0;
  for (var i = 0u; i < n; i++) { sum += x[(starts[s] + i) * params.C + c]; }
  y[at] = sum / f32(max(n, 1));
}

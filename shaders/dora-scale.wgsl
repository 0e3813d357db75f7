// y[n,o] = z[n,o] * magnitude[o] / norm[o]  (+ y[n,o] if accumulate)
//
// z, y [N, O]   magnitude, norm [O]. One invocation per value.

struct Params {
  N: u32,
  O: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> magnitude: array<f32>;
@group(0) @binding(3) var<storage, read> norm: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.N * params.O) { return; }
  let scaled = z[i] * dora_ratio(i % params.O);
  y[i] = scaled + select(0.0, y[i], params.accumulate == 1);
}

// x[t,c] += magnitude[t] * u,  u = floor(hash(seed, stream, t * C + c) / 2^8) / 2^23 - 1: uniform in [-1, 1)
//
// x [T, C]   magnitude [T]   seed [1]. One invocation per value.

struct Params {
  T: u32,
  C: u32,
  stream: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seed: array<u32>;
@group(0) @binding(2) var<storage, read> magnitude: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.T * params.C) { return; }
  let hash = counter_hash(counter_hash(counter_hash(0, seed[0]), params.stream), i);
  // The upper 24 bits, which an f32 holds exactly.
  let u = f32(hash >> 8) * 0x1p-23f - 1.0;
  x[i] += magnitude[i / params.C] * u;
}

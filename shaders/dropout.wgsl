// y = x * mask / (1 - rate), or with `dropped` x minus that  (+ y if accumulate);
// mask[i] = hash(seed, stream, i) >= threshold
//
// x, y [N, C]   seed [1]. One invocation per value. Its own gradient: dx is the same of dy.

struct Params {
  N: u32,
  C: u32,
  stream: u32,
  threshold: u32,
  scale: f32,
  dropped: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seed: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.N * params.C) { return; }
  let hash = counter_hash(counter_hash(counter_hash(0, seed[0]), params.stream), i);
  var value = select(0.0, x[i] * params.scale, hash >= params.threshold);
  if (params.dropped == 1) { value = x[i] - value; }
  if (params.accumulate == 1) { value += y[i]; }
  y[i] = value;
}

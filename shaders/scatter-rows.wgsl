// y[slots[n]] = x[n]
//
// x [N, C]   slots [N]: distinct rows of y   y [S, C]. Fills a key-value cache. One invocation per Value.

struct Params {
  N: u32,
  C: u32,
  S: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> slots: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  let width = params.C / WIDTH;
  if (i >= params.N * width) { return; }
  let slot = slots[i / width];
  if (slot < params.S) { y[slot * width + i % width] = x[i]; }
}

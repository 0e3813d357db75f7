// dw[rows[g]] += sum of dy[order[j]] over starts[g] <= j < starts[g + 1], in this order
//
// rows [T]: distinct rows of w, or >= V for none   starts [T + 1]   order [T]   dy [T, C]   dw [V, C]
// One invocation per group g and column c, which owns dw[rows[g], c]: no atomics, one order, the same bits.

struct Params {
  T: u32,
  C: u32,
  V: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.T * params.C) { return; }
  let g = i / params.C;
  let c = i % params.C;
  if (rows[g] >= params.V) { return; }
  var sum = 0.0;
  for (var j = starts[g]; j < starts[g + 1]; j++) { sum += dy[order[j] * params.C + c]; }
  dw[rows[g] * params.C + c] += sum;
}

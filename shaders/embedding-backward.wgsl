// dw[rows[g] - first] += scale * sum of dy[order[j]] over starts[g] <= j < starts[g + 1], in this order
//
// rows [T]: distinct rows of w, or 0xffffffff for none   starts [T + 1]   order [T]   dy [T, C]
// dw [N, C]: rows `first` to first + N of the matrix
// One invocation per group g and column c, which owns its value of dw: no atomics, one order, the same bits.

struct Params {
  T: u32,
  C: u32,
  N: u32,
  first: u32,
  scale: f32,
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
  // Below `first` the difference wraps around, far beyond N.
  let row = rows[g] - params.first;
  if (row >= params.N) { return; }
  var sum = 0.0;
  for (var j = starts[g]; j < starts[g + 1]; j++) { sum += dy[order[j] * params.C + c]; }
  dw[row * params.C + c] += params.scale * sum;
}

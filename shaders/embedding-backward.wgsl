// dw[rows[g] - first] += scale * sum of dy[order[j]] over starts[g] <= j < starts[g + 1], in this order
//
// rows [T]: distinct rows of w, or 0xffffffff for none   starts [T + 1]   order [T]   dy [T, C]
// dw [N, C]: rows `first` to first + N of the matrix
// One invocation per group g and Value of its row, which it owns: no atomics, one order, the same bits. Four tokens are
// read at a time, so that a frequent one does not wait for memory as often as it occurs.

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
@group(0) @binding(4) var<storage, read> dy: array<Value>;
@group(0) @binding(5) var<storage, read_write> dw: array<Value>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  let width = params.C / WIDTH;
  if (i >= params.T * width) { return; }
  let g = i / width;
  let c = i % width;
  // Below `first` the difference wraps around, far beyond N.
  let row = rows[g] - params.first;
  if (row >= params.N) { return; }
  let end = starts[g + 1];
  var sum = Value(0.0);
  var j = starts[g];
  for (; j + 4 <= end; j += 4) {
    let a = dy[order[j] * width + c];
    let b = dy[order[j + 1] * width + c];
    let d = dy[order[j + 2] * width + c];
    let e = dy[order[j + 3] * width + c];
    sum = sum + a + b + d + e;
  }
  for (; j < end; j++) { sum += dy[order[j] * width + c]; }
  dw[row * width + c] += params.scale * sum;
}

// y[t] = scale * w[ids[t] - first], where w has that row;  else zeros if `clear`, and else what is there
//
// ids [T]   w [N, C]: rows `first` to first + N of the matrix, stored as lib/weights-*.wgsl says   y [T, C]
// One invocation per four values of a row.

struct Params {
  T: u32,
  N: u32,
  C: u32,
  first: u32,
  clear: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> w: array<Stored>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  let fours = (params.C + 3) / 4;
  if (i >= params.T * fours) { return; }
  let t = i / fours;
  let c = i % fours * 4;
  // Below `first` the difference wraps around, far beyond N.
  let row = ids[t] - params.first;
  let found = row < params.N;
  if (!found && params.clear == 0) { return; }
  let stored = weight4(min(row, params.N - 1), c, params.C);
  let values = select(vec4f(0.0), params.scale * stored, found);
  for (var j = 0u; j < 4 && c + j < params.C; j++) { y[t * params.C + c + j] = values[j]; }
}

// dup = dy * activation(gate)                (+ dup if accumulate_up)
// dgate = dy * up * activation_slope(gate)   (+ dgate if accumulate_gate)
// A module joined to this one says which activation.
//
// gate, up, dy, dgate, dup [N, F], in fours. One invocation per four.

struct Params {
  N: u32,
  F: u32,
  accumulate_gate: u32,
  accumulate_up: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate: array<vec4f>;
@group(0) @binding(2) var<storage, read> up: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dgate: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dup: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  let size = params.N * params.F;
  if (i * 4 >= size) { return; }
  let to_gate = dy[i] * up[i] * activation_slope(gate[i])
    + select(vec4f(0.0), dgate[i], params.accumulate_gate == 1);
  let to_up = dy[i] * activation(gate[i]) + select(vec4f(0.0), dup[i], params.accumulate_up == 1);
  if (size - i * 4 >= 4) {
    dgate[i] = to_gate;
    dup[i] = to_up;
    return;
  }
  // Another gradient may begin where this one ends.
  for (var j = 0u; j < size - i * 4; j++) {
    dgate[i][j] = to_gate[j];
    dup[i][j] = to_up[j];
  }
}

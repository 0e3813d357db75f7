// dup = dy * gate * s                                 (+ dup if accumulate_up)
// dgate = dy * up * s * (1 + gate * sigmoid(-gate))   (+ dgate if accumulate_gate),  s = sigmoid(gate)
//
// gate, up, dy, dgate, dup [N, F]. One invocation per element.

struct Params {
  N: u32,
  F: u32,
  accumulate_gate: u32,
  accumulate_up: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate: array<f32>;
@group(0) @binding(2) var<storage, read> up: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dgate: array<f32>;
@group(0) @binding(5) var<storage, read_write> dup: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * 64 + lane;
  if (i >= params.N * params.F) { return; }
  let s = sigmoid_both(gate[i]);
  let to_gate = dy[i] * up[i] * s.x * (1.0 + gate[i] * s.y);
  let to_up = dy[i] * gate[i] * s.x;
  dgate[i] = to_gate + select(0.0, dgate[i], params.accumulate_gate == 1);
  dup[i] = to_up + select(0.0, dup[i], params.accumulate_up == 1);
}

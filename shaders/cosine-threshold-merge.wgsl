// matches[b,:] = found[b,0,:] joined with found[b,1,:] … and, unless base = 0, with matches[b,:] before
//
// found [B, T, 3] of a shard whose first row is row `base` of the bank   matches [B, 3], both as
// (first row above the threshold or NONE, bits of the largest similarity, its first row)
// One invocation a row, strips in order: the smaller row wins every tie.

override WORKGROUP_SIZE: u32 = 64;

const NONE = 0xffffffffu;

struct Params {
  B: u32,
  T: u32,
  base: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> found: array<u32>;
@group(0) @binding(2) var<storage, read_write> matches: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  if (b >= params.B) { return; }
  var first = NONE;
  var best = -2.0;
  var nearest = NONE;
  if (params.base > 0) {
    first = matches[b * 3];
    best = bitcast<f32>(matches[b * 3 + 1]);
    nearest = matches[b * 3 + 2];
  }
  for (var t = 0u; t < params.T; t++) {
    let at = (b * params.T + t) * 3;
    if (first == NONE && found[at] != NONE) { first = found[at] + params.base; }
    let s = bitcast<f32>(found[at + 1]);
    if (s > best) {
      best = s;
      nearest = found[at + 2] + params.base;
    }
  }
  matches[b * 3] = first;
  matches[b * 3 + 1] = bitcast<u32>(best);
  matches[b * 3 + 2] = nearest;
}

// index[n] = column of the largest key in part[n,:], the first of equal ones; NOT_FINITE if a value was not finite
//
// part [N, P, 2] as argmax-partial.wgsl leaves it   index [N]. One workgroup per row.

struct Params {
  N: u32,
  P: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> part: array<u32>;
@group(0) @binding(2) var<storage, read_write> index: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var best = NOTHING;
  for (var p = lane; p < params.P; p += WORKGROUP_SIZE) {
    let at = (group.x * params.P + p) * 2;
    best = first_largest(best, vec2u(part[at], part[at + 1]));
  }
  best = workgroup_first_largest(best, lane);
  if (lane == 0) { index[group.x] = select(best.y, NOT_FINITE, best.x == NOT_FINITE); }
}

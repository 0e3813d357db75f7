// part[n,p] = (key of the largest of x[n,:]'s p-th part, its column); the first of equal ones
//
// x [N, V]   part [N, P, 2]. One workgroup per part of a row; each invocation goes through columns in order.
//
// Keys are whole numbers in the order of the values, so no comparison meets a NaN: the sign bit is turned, and for
// negative values all bits. NOT_FINITE, which is above all of them, stands for infinity and NaN.

struct Params {
  N: u32,
  V: u32,
  P: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> part: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = (params.V + params.P - 1) / params.P;
  let begin = group.x * width;
  let end = min(begin + width, params.V);
  var best = NOTHING;
  for (var v = begin + lane; v < end; v += WORKGROUP_SIZE) {
    let key = key_of(bitcast<u32>(x[group.y * params.V + v]));
    if (key > best.x) { best = vec2u(key, v); }
  }
  best = workgroup_first_largest(best, lane);
  if (lane == 0) {
    let at = (group.y * params.P + group.x) * 2;
    part[at] = best.x;
    part[at + 1] = best.y;
  }
}

/// A number above 0 for each value, by its bits; equal for the two zeros.
fn key_of(bits: u32) -> u32 {
  if ((bits & 0x7f800000u) == 0x7f800000u) { return NOT_FINITE; }
  if (bits == 0x80000000u) { return bits; }
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

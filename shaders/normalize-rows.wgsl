// y[n,e] = x[n,e] / sqrt(sum_e x[n,e]^2), flags[n] = 0; or y[n,:] = 0, flags[n] = 1 zero row, 2 not finite
//
// x [N, E]   y [N, P], P = E rounded up to a multiple of four, zero from E on   flags [N]
// One invocation a row. WGSL may assume that no value is infinite or NaN, so the bits of the exponents are
// asked instead. They also give a power of two by which squares neither overflow nor vanish. A row is a zero
// row if no magnitude reaches 2^-100: adapters that flush subnormal numbers could not keep its direction.

override WORKGROUP_SIZE: u32 = 64;

const UNIT = 0u;
const ZERO = 1u;
const NOT_FINITE = 2u;
/// Exponent field of 2^-100, and of infinity and NaN.
const SMALLEST = 27u;
const SPECIAL = 255u;

struct Params {
  N: u32,
  E: u32,
  P: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> flags: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  if (n >= params.N) { return; }
  var exponent = 0u;
  for (var e = 0u; e < params.E; e++) {
    exponent = max(exponent, (bitcast<u32>(x[n * params.E + e]) >> 23) & 0xff);
  }
  let flag = select(select(UNIT, ZERO, exponent < SMALLEST), NOT_FINITE, exponent == SPECIAL);
  flags[n] = flag;
  if (flag != UNIT) {
    for (var p = 0u; p < params.P; p++) { y[n * params.P + p] = 0.0; }
    return;
  }
  // The largest magnitude comes to lie in [1, 4).
  let scale = bitcast<f32>(max(254 - exponent, 1) << 23);
  var sums = vec4f(0.0);
  for (var p = 0u; p < params.P; p += 4) {
    let v = vec4f(at(n, p), at(n, p + 1), at(n, p + 2), at(n, p + 3)) * scale;
    sums += v * v;
  }
  let reciprocal = inverseSqrt(sums.x + sums.y + sums.z + sums.w);
  for (var p = 0u; p < params.P; p++) { y[n * params.P + p] = at(n, p) * scale * reciprocal; }
}

/// x[n, e]: zero from E on.
fn at(n: u32, e: u32) -> f32 {
  return select(0.0, x[n * params.E + min(e, params.E - 1)], e < params.E);
}

// s[n] = x[n,:] . y[n,:] / (|x[n,:]| |y[n,:]|), or NOTHING where a row is zero or not finite
//
// x, y [N, E]   s [N]. ROUND takes all values to the nearest fp16 first (lib/rows-f16.wgsl).
// One invocation a row. As in prepare-rows.wgsl the bits of the exponents tell what is not finite, and give
// powers of two by which squares neither overflow nor vanish.

override WORKGROUP_SIZE: u32 = 64;
override ROUND: bool = false;

/// In place of a cosine.
const NOTHING = 2.0;
/// Exponent fields of 2^-100, of 2^16, and of infinity and NaN.
const SMALLEST = 27u;
const OVERFLOW = 143u;
const SPECIAL = 255u;

struct Params {
  N: u32,
  E: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> s: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  if (n >= params.N) { return; }
  var ex = 0u;
  var ey = 0u;
  var largest = 0u;
  for (var q = 0u; q < params.E; q += 4) {
    let a = x_at(n, q);
    let b = y_at(n, q);
    // Before anything is rounded, which might hide what is not finite.
    largest = max(largest, max(exponent(a), exponent(b)));
    ex = max(ex, exponent(stored(a)));
    ey = max(ey, exponent(stored(b)));
  }
  if (min(ex, ey) < SMALLEST || largest == SPECIAL || (ROUND && max(ex, ey) >= OVERFLOW)) {
    s[n] = NOTHING;
    return;
  }
  let sx = bitcast<f32>(max(254 - ex, 1) << 23);
  let sy = bitcast<f32>(max(254 - ey, 1) << 23);
  var xx = vec4f(0.0);
  var yy = vec4f(0.0);
  var xy = vec4f(0.0);
  for (var q = 0u; q < params.E; q += 4) {
    let a = stored(x_at(n, q)) * sx;
    let b = stored(y_at(n, q)) * sy;
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  let one = vec4f(1.0);
  s[n] = clamp(dot(xy, one) * inverseSqrt(dot(xx, one)) * inverseSqrt(dot(yy, one)), -1.0, 1.0);
}

/// x[n, e .. e + 3]: zero from E on.
fn x_at(n: u32, e: u32) -> vec4f {
  let at = n * params.E + min(e + vec4u(0, 1, 2, 3), vec4u(params.E - 1));
  let there = e + vec4u(0, 1, 2, 3) < vec4u(params.E);
  return select(vec4f(0.0), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), there);
}

/// y[n, e .. e + 3]: zero from E on.
fn y_at(n: u32, e: u32) -> vec4f {
  let at = n * params.E + min(e + vec4u(0, 1, 2, 3), vec4u(params.E - 1));
  let there = e + vec4u(0, 1, 2, 3) < vec4u(params.E);
  return select(vec4f(0.0), vec4f(y[at.x], y[at.y], y[at.z], y[at.w]), there);
}

/// The largest exponent field of four values.
fn exponent(values: vec4f) -> u32 {
  let e = (bitcast<vec4u>(values) >> vec4u(23)) & vec4u(0xff);
  return max(max(e.x, e.y), max(e.z, e.w));
}

fn stored(values: vec4f) -> vec4f {
  if (ROUND) { return stored_values(values); }
  return values;
}

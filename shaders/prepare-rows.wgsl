// y[n,:] = the values of x[n,:], of which UNIT makes a unit vector, and after each segment of them a bound
//
// x [N, E]   y [N, V]: `quads` quads of values, zero from E on, then a bound for each SEGMENT of quads
// flags [N]: 0, or 1 zero row (only if UNIT), 2 not finite; then the values of y[n,:] are 0, its bounds -1.
// One invocation a row. WGSL may assume that no value is infinite or NaN, so the bits of the exponents are
// asked instead. They also give a power of two by which squares neither overflow nor vanish. A row is a zero
// row if no magnitude reaches 2^-100: adapters that flush subnormal numbers could not keep its direction.
// Without UNIT, magnitudes from 2^48 on count as not finite: sums of their products might not be.
//
// For rows with bounds u, u' after a segment, what the later segments add to their product, and what rounding
// has done to all of it, is at most u u'. Let t be the length of what follows, n that of the row, p the
// rounding of sums of products (`pad`), b the length of what the storage's rounding took from a unit row. By
// Cauchy and Schwarz  t t' + p n n' + b n' + n b'  <=  u u'  for  u^2 = t^2 + p n^2 + g n^2 + b^2 / g, g > 0.

override WORKGROUP_SIZE: u32 = 64;
override UNIT: bool = true;
/// Quads of a segment.
override SEGMENT: u32 = 8;

const USABLE = 0u;
const ZERO = 1u;
const NOT_FINITE = 2u;
/// Exponent fields of 2^-100, of 2^48, and of infinity and NaN.
const SMALLEST = 27u;
const LARGE = 175u;
const SPECIAL = 255u;
/// About what fp16 takes from a unit row.
const TYPICAL_LOSS = 2.44140625e-4;

struct Params {
  N: u32,
  E: u32,
  V: u32,
  quads: u32,
  pad: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Quad>;
@group(0) @binding(3) var<storage, read_write> flags: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  if (n >= params.N) { return; }
  let stride = params.V / BOUNDS;
  var exponent = 0u;
  for (var e = 0u; e < params.E; e++) {
    exponent = max(exponent, (bitcast<u32>(x[n * params.E + e]) >> 23) & 0xff);
  }
  let flag = select(
    select(USABLE, ZERO, UNIT && exponent < SMALLEST),
    NOT_FINITE,
    exponent >= select(LARGE, SPECIAL, UNIT),
  );
  flags[n] = flag;
  if (flag != USABLE) {
    for (var q = 0u; q < params.quads; q++) { y[n * stride + q] = Quad(); }
    for (var q = params.quads; q < stride; q++) { y[n * stride + q] = Quad(bitcast<u32>(-1.0)); }
    return;
  }
  // The largest magnitude comes to lie in [1, 4).
  let scale = bitcast<f32>(max(254 - exponent, 1) << 23);
  var sums = vec4f(0.0);
  for (var q = 0u; q < params.quads; q++) {
    let v = at(n, q) * scale;
    sums += v * v;
  }
  let square = sums.x + sums.y + sums.z + sums.w;
  let reciprocal = inverseSqrt(square);
  var losses = vec4f(0.0);
  for (var q = 0u; q < params.quads; q++) {
    let v = at(n, q);
    let wanted = select(v, v * scale * reciprocal, UNIT);
    let stored = stored_values(wanted);
    y[n * stride + q] = values_quad(stored);
    let loss = wanted - stored;
    losses += loss * loss;
  }
  // In units of `unscale`, in which no square vanishes that counts.
  let unscale = select(bitcast<f32>(max(exponent, 1) << 23), 1.0, UNIT);
  let loss = losses.x + losses.y + losses.z + losses.w;
  let rounding = select(params.pad * square, params.pad + TYPICAL_LOSS + loss / TYPICAL_LOSS, UNIT);
  let segments = (params.quads + SEGMENT - 1) / SEGMENT;
  var bounds = Quad();
  var rest = 0.0;
  for (var segment = (stride - params.quads) * BOUNDS; segment > 0; segment--) {
    let s = segment - 1;
    if (s < segments) {
      bounds[s % BOUNDS] = bitcast<u32>(sqrt(rest + rounding) * (1.0 + params.pad) * unscale);
      var squares = vec4f(0.0);
      for (var q = s * SEGMENT; q < min((s + 1) * SEGMENT, params.quads); q++) {
        let v = quad_values(y[n * stride + q]) * select(scale, 1.0, UNIT);
        squares += v * v;
      }
      rest += squares.x + squares.y + squares.z + squares.w;
    }
    if (s % BOUNDS == 0) {
      y[n * stride + params.quads + s / BOUNDS] = bounds;
      bounds = Quad();
    }
  }
}

/// Quad q of x[n, :]: zero from E on.
fn at(n: u32, q: u32) -> vec4f {
  let e = 4 * q + vec4u(0, 1, 2, 3);
  let k = n * params.E + min(e, vec4u(params.E - 1));
  return select(vec4f(0.0), vec4f(x[k.x], x[k.y], x[k.z], x[k.w]), e < vec4u(params.E));
}

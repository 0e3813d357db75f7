// Rows stored as pairs of fp16 values, for shaders that bind tensors of rows as array<Quad>.

/// Four values, or two bounds.
alias Quad = vec2u;
/// Bounds that a Quad holds.
const BOUNDS = 2u;

fn quad_values(quad: Quad) -> vec4f {
  return vec4f(unpack2x16float(quad.x), unpack2x16float(quad.y));
}

/// Bits of 2^-14 as an f32.
const SMALLEST_HALF = 0x38800000u;

/// To the nearest fp16, ties to even, and to zero below the smallest normal one, which adapters may flush. By
/// the bits: a compiler may take packing and unpacking for the identity.
fn stored_values(values: vec4f) -> vec4f {
  let bits = bitcast<vec4u>(values);
  let nearest = (bits + vec4u(0xfff) + ((bits >> vec4u(13)) & vec4u(1))) & vec4u(0xffffe000);
  let normal = (bits & vec4u(0x7f800000)) >= vec4u(SMALLEST_HALF);
  return bitcast<vec4f>(select(vec4u(0), nearest, normal));
}

/// Of stored values.
fn values_quad(values: vec4f) -> Quad {
  return Quad(pack2x16float(values.xy), pack2x16float(values.zw));
}

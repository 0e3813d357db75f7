// Rows stored as f32 values, for shaders that bind tensors of rows as array<Quad>.

/// Four values, or four bounds.
alias Quad = vec4u;
/// Bounds that a Quad holds.
const BOUNDS = 4u;

fn quad_values(quad: Quad) -> vec4f {
  return bitcast<vec4f>(quad);
}

fn stored_values(values: vec4f) -> vec4f {
  return values;
}

fn values_quad(values: vec4f) -> Quad {
  return bitcast<vec4u>(values);
}

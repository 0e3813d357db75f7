// Rows of a multiple of four values, four at a time, for shaders that bind them as array<Value>.

/// WIDTH values.
alias Value = vec4f;
const WIDTH = 4u;

/// The sum of its values.
fn total(value: Value) -> f32 {
  return value.x + value.y + value.z + value.w;
}

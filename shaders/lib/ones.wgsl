// Rows of any number of values, one at a time, for shaders that bind them as array<Value>.

/// WIDTH values.
alias Value = f32;
const WIDTH = 1u;

/// The sum of its values.
fn total(value: Value) -> f32 {
  return value;
}

// Results in rows of any number of values, for shaders that bind them as c: array<Result>.

/// One value.
alias Result = f32;

/// Stores the first `count` of four values from `at` on, or adds them to what is there.
fn put4(at: u32, count: u32, values: vec4f, accumulate: bool) {
  for (var j = 0u; j < min(count, 4); j++) {
    c[at + j] = values[j] + select(0.0, c[at + j], accumulate);
  }
}

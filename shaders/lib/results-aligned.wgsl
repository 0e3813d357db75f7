// Results in rows of multiples of four values, for shaders that bind them as c: array<Result>.

/// Four values.
alias Result = vec4f;

/// Stores values at `at`, a multiple of 4, or adds them to what is there.
fn put4(at: u32, count: u32, values: vec4f, accumulate: bool) {
  c[at / 4] = values + select(vec4f(0.0), c[at / 4], accumulate);
}

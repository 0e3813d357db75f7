// What DoRA multiplies a row of the changed weight by, for shaders that bind magnitude and norm as array<f32>.

/// magnitude / norm: exactly 1 where they are equal, which division alone does not promise; 1 for a row of zeros.
fn dora_ratio(o: u32) -> f32 {
  let equal = magnitude[o] == norm[o] || norm[o] == 0.0;
  return select(magnitude[o] / norm[o], 1.0, equal);
}

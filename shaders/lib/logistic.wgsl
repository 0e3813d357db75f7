// -log sigmoid(h) and its slope. Only exp(-|h|) is taken, so nothing overflows.

fn neg_log_sigmoid(h: f32) -> f32 {
  let e = exp(-abs(h));
  // log(1 + e), exact to rounding also where e is tiny.
  return max(-h, 0.0) + select(log(1.0 + e), e, e < 1e-4);
}

fn neg_log_sigmoid_slope(h: f32) -> f32 {
  let e = exp(-abs(h));
  return -select(1.0, e, h > 0.0) / (1.0 + e);
}

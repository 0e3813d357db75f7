// The logistic function, its negative logarithm, and their slopes. Only exp(-|h|) is taken, so nothing overflows.

/// 1 / (1 + exp(-h))
fn logistic(h: f32) -> f32 {
  let e = exp(-abs(h));
  return select(e, 1.0, h >= 0.0) / (1.0 + e);
}

fn logistic_slope(h: f32) -> f32 {
  let e = exp(-abs(h));
  return e / ((1.0 + e) * (1.0 + e));
}

/// -log sigmoid(h)
fn neg_log_sigmoid(h: f32) -> f32 {
  let e = exp(-abs(h));
  // log(1 + e), exact to rounding also where e is tiny.
  return max(-h, 0.0) + select(log(1.0 + e), e, e < 1e-4);
}

fn neg_log_sigmoid_slope(h: f32) -> f32 {
  return -logistic(-h);
}

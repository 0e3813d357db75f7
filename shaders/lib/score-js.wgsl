// log 2 + log sigmoid(ratio) and its slope: f'(t) of the Jensen-Shannon divergence at t = exp(ratio)

/// A side's score, and its slope by the side's log-ratio.
struct Score {
  value: f32,
  slope: f32,
}

fn score(ratio: f32, power: f32) -> Score {
  return Score(0.6931471805599453 - neg_log_sigmoid(ratio), -neg_log_sigmoid_slope(ratio));
}

// kept * -log sigmoid(h) + flipped * -log sigmoid(-h): the logistic loss of a pair that may be the wrong way round.

fn smoothed(h: f32, kept: f32, flipped: f32) -> f32 {
  return kept * neg_log_sigmoid(h) + flipped * neg_log_sigmoid(-h);
}

fn smoothed_slope(h: f32, kept: f32, flipped: f32) -> f32 {
  return kept * neg_log_sigmoid_slope(h) - flipped * neg_log_sigmoid_slope(-h);
}

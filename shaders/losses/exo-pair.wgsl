// q (log q - log_kept) + (1 - q) (log(1 - q) - log_flipped),  q = sigmoid(h),
// h = beta * (score(chosen ratio) - score(rejected ratio)): KL divergence from (1 - epsilon, epsilon), whose logarithms
// log_kept and log_flipped are
//
// Its slope by h is q (1 - q) (h - (log_kept - log_flipped)).

struct Params {
  N: u32,
  beta: f32,
  power: f32,
  log_kept: f32,
  log_flipped: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let m = margin(chosen, rejected, params.power);
  let h = params.beta * m.value;
  let kept = logistic(h) * (-neg_log_sigmoid(h) - params.log_kept);
  let flipped = logistic(-h) * (-neg_log_sigmoid(-h) - params.log_flipped);
  let slope = params.beta * logistic_slope(h) * (h - (params.log_kept - params.log_flipped));
  return pair_loss(kept + flipped, slope, m);
}

// -log sigmoid(beta * (chosen ratio - rejected ratio) + alpha * (chosen length - rejected length))

struct Params {
  N: u32,
  beta: f32,
  alpha: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let h = params.beta * (chosen.ratio - rejected.ratio) + params.alpha * (chosen.length - rejected.length);
  let slope = params.beta * neg_log_sigmoid_slope(h);
  return PairLoss(neg_log_sigmoid(h), slope, -slope);
}

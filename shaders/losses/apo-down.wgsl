// sigmoid(beta * chosen ratio) + 1 - sigmoid(beta * (chosen ratio - rejected ratio))

struct Params {
  N: u32,
  beta: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let a = params.beta * chosen.ratio;
  let h = params.beta * (chosen.ratio - rejected.ratio);
  let apart = params.beta * logistic_slope(h);
  return PairLoss(logistic(a) + logistic(-h), params.beta * logistic_slope(a) - apart, apart);
}

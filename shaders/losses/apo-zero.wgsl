// 1 - sigmoid(beta * chosen ratio) + sigmoid(beta * rejected ratio)

struct Params {
  N: u32,
  beta: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let a = params.beta * chosen.ratio;
  let b = params.beta * rejected.ratio;
  return PairLoss(
    logistic(-a) + logistic(b),
    -params.beta * logistic_slope(a),
    params.beta * logistic_slope(b),
  );
}

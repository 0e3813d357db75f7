// -log sigmoid(a) - log sigmoid(-a) / 2 - log sigmoid(-b) / 2,  a, b = beta * chosen ratio, beta * rejected ratio

struct Params {
  N: u32,
  beta: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let a = params.beta * chosen.ratio;
  let b = params.beta * rejected.ratio;
  return PairLoss(
    neg_log_sigmoid(a) + 0.5 * neg_log_sigmoid(-a) + 0.5 * neg_log_sigmoid(-b),
    params.beta * (neg_log_sigmoid_slope(a) - 0.5 * neg_log_sigmoid_slope(-a)),
    -0.5 * params.beta * neg_log_sigmoid_slope(-b),
  );
}

// -log sigmoid(beta * chosen ratio) - log sigmoid(-beta * rejected ratio)

struct Params {
  N: u32,
  beta: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let a = params.beta * chosen.ratio;
  let b = params.beta * rejected.ratio;
  return PairLoss(
    neg_log_sigmoid(a) + neg_log_sigmoid(-b),
    params.beta * neg_log_sigmoid_slope(a),
    -params.beta * neg_log_sigmoid_slope(-b),
  );
}

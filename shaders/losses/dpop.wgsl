// -log sigmoid(beta * (chosen ratio - rejected ratio - penalty * max(0, -chosen ratio)))

struct Params {
  N: u32,
  beta: f32,
  penalty: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let below = chosen.ratio < 0.0;
  let kept = chosen.ratio * select(1.0, 1.0 + params.penalty, below);
  let h = params.beta * (kept - rejected.ratio);
  let slope = params.beta * neg_log_sigmoid_slope(h);
  return PairLoss(neg_log_sigmoid(h), slope * select(1.0, 1.0 + params.penalty, below), -slope);
}

// (chosen ratio - 1 / (2 beta))^2 + (rejected ratio + 1 / (2 beta))^2

struct Params {
  N: u32,
  beta: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let a = chosen.ratio - 0.5 / params.beta;
  let b = rejected.ratio + 0.5 / params.beta;
  return PairLoss(a * a + b * b, 2.0 * a, 2.0 * b);
}

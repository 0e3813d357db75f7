// (chosen score per token - rejected score per token - 1 / (2 beta))^2

struct Params {
  N: u32,
  beta: f32,
  power: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let m = mean_margin(chosen, rejected, params.power);
  let off = m.value - 0.5 / params.beta;
  return pair_loss(off * off, 2.0 * off, m);
}

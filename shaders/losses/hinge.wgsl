// max(0, 1 - beta * (score(chosen ratio) - score(rejected ratio)))

struct Params {
  N: u32,
  beta: f32,
  power: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let m = margin(chosen, rejected, params.power);
  let short = 1.0 - params.beta * m.value;
  return pair_loss(max(short, 0.0), select(0.0, -params.beta, short > 0.0), m);
}

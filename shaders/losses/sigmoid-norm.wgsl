// kept * -log sigmoid(h) + flipped * -log sigmoid(-h),  h = beta * (chosen score per token - rejected one) - target

struct Params {
  N: u32,
  beta: f32,
  power: f32,
  target_margin: f32,
  kept: f32,
  flipped: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let m = mean_margin(chosen, rejected, params.power);
  let h = params.beta * m.value - params.target_margin;
  let slope = params.beta * smoothed_slope(h, params.kept, params.flipped);
  return pair_loss(smoothed(h, params.kept, params.flipped), slope, m);
}

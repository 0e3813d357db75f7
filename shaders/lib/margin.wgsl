// The margin that a preference loss sees: how far the chosen answer's score is above the rejected one's.

/// A margin, and its slopes by the chosen and the rejected answer's policy sum.
struct Margin {
  value: f32,
  chosen: f32,
  rejected: f32,
}

/// Of scores of whole answers.
fn margin(chosen: Side, rejected: Side, power: f32) -> Margin {
  let a = score(chosen.ratio, power);
  let b = score(rejected.ratio, power);
  return Margin(a.value - b.value, a.slope, -b.slope);
}

/// Of scores per token.
fn mean_margin(chosen: Side, rejected: Side, power: f32) -> Margin {
  let a = score(chosen.ratio, power);
  let b = score(rejected.ratio, power);
  return Margin(
    a.value / chosen.length - b.value / rejected.length,
    a.slope / chosen.length,
    -b.slope / rejected.length,
  );
}

/// A loss of the margin, with the slope by it, as a loss of the pair.
fn pair_loss(value: f32, slope: f32, m: Margin) -> PairLoss {
  return PairLoss(value, slope * m.chosen, slope * m.rejected);
}

// (exp(power ratio) - 1) / power and its slope by the log-ratio: f'(t) of an alpha-divergence at t = exp(ratio), with
// power = alpha - 1. Power 0, the limit, is the log-ratio itself (reverse KL), and -1 is forward KL.
//
// The exponent stops at 80, as in TRL, where the score no longer grows.

/// A side's score, and its slope by the side's log-ratio.
struct Score {
  value: f32,
  slope: f32,
}

fn score(ratio: f32, power: f32) -> Score {
  let x = power * ratio;
  if (abs(x) < 0.5) {
    // (exp(x) - 1) / x by its series: the difference itself would lose digits, and is 0 / 0 at 0.
    let series = 1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0)))));
    return Score(ratio * series, exp(x));
  }
  let e = exp(min(x, 80.0));
  return Score((e - 1.0) / power, select(e, 0.0, x > 80.0));
}

// beta * -log sigmoid(log odds(chosen) - log odds(rejected)),  log odds(x) = x - log(1 - exp(x)) of the mean log-prob x
//
// The slope of the log odds is 1 / (1 - exp(x)), which has no end as the probability reaches 1. x is kept at -1e-6 or
// below, and the slope there is 0.

struct Params {
  N: u32,
  beta: f32,
}

struct Odds {
  value: f32,
  slope: f32,
}

fn log_odds(side: Side) -> Odds {
  let mean = side.policy / side.length;
  let x = min(mean, -1e-6);
  // 1 - exp(x). Near 0 the difference would lose digits; there by its series.
  let series = -x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0)))));
  let rest = select(1.0 - exp(x), series, x > -0.5);
  return Odds(x - log(rest), select(1.0 / (rest * side.length), 0.0, mean > x));
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let a = log_odds(chosen);
  let b = log_odds(rejected);
  let h = a.value - b.value;
  let slope = params.beta * neg_log_sigmoid_slope(h);
  return PairLoss(params.beta * neg_log_sigmoid(h), slope * a.slope, -slope * b.slope);
}

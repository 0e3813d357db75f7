// -log sigmoid(h) (1 - s) + exp(-h) s,  s = sigmoid(h / tau),  h = beta * (score(chosen ratio) - score(rejected ratio))
//
// exp(-h) s is taken as one exponential: apart, the factors are infinite and 0 where h is very negative.

struct Params {
  N: u32,
  beta: f32,
  power: f32,
  tau: f32,
}

fn loss(chosen: Side, rejected: Side) -> PairLoss {
  let m = margin(chosen, rejected, params.power);
  let h = params.beta * m.value;
  let x = h / params.tau;
  let exponent = select(x - h, -h, h >= 0.0);
  let exponential = exp(min(exponent, 80.0)) / (1.0 + exp(-abs(x)));
  let value = neg_log_sigmoid(h) * logistic(-x) + exponential;
  let slope = neg_log_sigmoid_slope(h) * logistic(-x)
    - neg_log_sigmoid(h) * logistic_slope(x) / params.tau
    + exponential * (logistic(-x) / params.tau - 1.0);
  return pair_loss(value, params.beta * slope, m);
}

// x * P(x), where P is the normal distribution's cumulative function (1 + erf(x / sqrt(2))) / 2, and its slope.
//
// With a = |x|, P(-a) = exp(-a^2 / 2) R(a), and R(a) = t Q(t) with t = 1 / (1 + 0.305 a), where the polynomial Q is
// the best of its degree: off by at most 1e-7 of R for a up to 14. Only the small tail P(-a) is computed, so that
// neither side loses digits. Beyond 14 the tail is below 1e-44: a stops there, and nothing overflows.

const LARGEST = 14.0;

/// P(-a), 0 <= a <= LARGEST.
fn tail(a: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.305 * a);
  var q = -0.15298843 + t * 0.036699217;
  q = 0.1857171 + t * q;
  q = -0.037977010 + t * q;
  q = 0.12102178 + t * q;
  q = 0.10342084 + t * q;
  q = 0.12246682 + t * q;
  q = 0.12163974 + t * q;
  return exp(-0.5 * a * a) * t * q;
}

fn activation(x: vec4f) -> vec4f {
  let a = min(abs(x), vec4f(LARGEST));
  return max(x, vec4f(0.0)) - a * tail(a);
}

fn activation_slope(x: vec4f) -> vec4f {
  let a = min(abs(x), vec4f(LARGEST));
  // P(-a) - a P'(a)
  let less = tail(a) - a * 0.39894228 * exp(-0.5 * a * a);
  return select(less, 1.0 - less, x > vec4f(0.0));
}

// x (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3), and its slope.
//
// (1 + tanh(u)) / 2 = sigmoid(2u). With a = |x|, only the small tail sigmoid(-2u(a)) is computed, so that neither side
// loses digits. Beyond 14 it is below 1e-90: a stops there, and nothing overflows.

const LARGEST = 14.0;

/// sigmoid(-2u(a)), 0 <= a <= LARGEST.
fn tail(a: vec4f) -> vec4f {
  return sigmoid(-1.5957691 * (a + 0.044715 * a * a * a));
}

fn activation(x: vec4f) -> vec4f {
  let a = min(abs(x), vec4f(LARGEST));
  return max(x, vec4f(0.0)) - a * tail(a);
}

fn activation_slope(x: vec4f) -> vec4f {
  let a = min(abs(x), vec4f(LARGEST));
  let r = tail(a);
  let less = r - a * r * (1.0 - r) * 1.5957691 * (1.0 + 0.134145 * a * a);
  return select(less, 1.0 - less, x > vec4f(0.0));
}

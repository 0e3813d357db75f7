// x * sigmoid(x), and its slope.

fn activation(x: vec4f) -> vec4f {
  return x * sigmoid(x);
}

fn activation_slope(x: vec4f) -> vec4f {
  return sigmoid(x) * (1.0 + x * sigmoid(-x));
}

// 1 / (1 + exp(-g)) for g and for -g, which sum to 1. Only exp(-|g|) is taken, so nothing overflows.

/// Returns sigmoid(g) and sigmoid(-g); the second keeps its precision where the first rounds to 1.
fn sigmoid_both(g: f32) -> vec2f {
  let e = exp(-abs(g));
  return select(vec2f(e, 1.0), vec2f(1.0, e), g >= 0.0) / (1.0 + e);
}

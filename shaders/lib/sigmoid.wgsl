// 1 / (1 + exp(-g)). Only exp(-|g|) is taken, so nothing overflows, and sigmoid(-g) is exact where sigmoid(g)
// rounds to 1.

fn sigmoid(g: vec4f) -> vec4f {
  let e = exp(-abs(g));
  return select(e, vec4f(1.0), g >= vec4f(0.0)) / (1.0 + e);
}

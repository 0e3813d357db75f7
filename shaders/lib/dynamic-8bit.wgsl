// Numbers in [0, 1] in few bits. Zero has the code 0. [10^-top, 1) is cut into decades: the highest has 2^top equal
// cells, each other half as many as the one above. Code c is cell n = c + 1, n - 2^b in its decade of 2^b cells, and
// stands for the cell's middle; the last code, 2^(top + 1) - 1, stands for 1.
// The scale of https://arxiv.org/abs/2110.02861, section 2.2.

const TENS = array<f32, 8>(1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7);

/// What a code stands for.
fn dynamic_value(code: u32, top: u32) -> f32 {
  if (code == 0) { return 0.0; }
  let n = code + 1;
  let bits = firstLeadingBit(n);
  if (bits > top) { return 1.0; }
  let cells = f32(1u << bits);
  return (0.1 + 0.9 * (f32(n) - cells + 0.5) / cells) / TENS[top - bits];
}

/// The code of the cell that holds x.
fn dynamic_code(x: f32, top: u32) -> u32 {
  if (x >= 1.0) { return (2u << top) - 1; }
  if (x * TENS[top] < 1.0) { return 0; }
  var below = 0u;
  while (below < top - 1 && x * TENS[below] < 0.1) { below++; }
  let cells = 1u << (top - below);
  let cell = (x * TENS[below] - 0.1) / 0.9 * f32(cells);
  return cells + u32(clamp(cell, 0.0, f32(cells) - 1.0)) - 1;
}

/// One of the two codes around x, each as likely as x is near it, for u uniform in [0, 1): x on average.
fn dynamic_draw(x: f32, top: u32, u: f32) -> u32 {
  var code = dynamic_code(x, top);
  var low = dynamic_value(code, top);
  if (low > x) {
    code--;
    low = dynamic_value(code, top);
  }
  if (low == x) { return code; }
  let high = dynamic_value(code + 1, top);
  return code + select(0u, 1u, u * (high - low) < x - low);
}

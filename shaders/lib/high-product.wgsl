// WGSL multiplies integers modulo 2^32.

/// floor(a b / 2^32), from products of halves that fit.
fn high_product(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffff;
  let a1 = a >> 16;
  let b0 = b & 0xffff;
  let b1 = b >> 16;
  let middle = a1 * b0 + ((a0 * b0) >> 16);
  let rest = a0 * b1 + (middle & 0xffff);
  return a1 * b1 + (middle >> 16) + (rest >> 16);
}

// The second operand w [B, K, N] of a product, whose rows are the steps of k: of linear-nn.wgsl and linear-tn.wgsl, which
// have the params and ALIGNED. linear-nt.wgsl says what it gives to products/*.wgsl.

/// Where the part-th row begins, the first of the block's columns, in fours, and how far four rows reach.
fn right_start(batch: u32, col: u32, part: u32) -> vec3u {
  return vec3u(
    row_start(batch * params.K + part, params.N), min(col, params.N - 1) / 4, row_start(4, params.N));
}

fn right(batch: u32, start: vec3u, k4: u32, part: u32) -> vec4f {
  if (ALIGNED) { return weight4_from(start.x + k4 * start.z, start.y, params.N); }
  // Beyond the last row the other operand is zero, but an odd tensor's binding has any words there, infinite ones too.
  let step = min(4 * k4 + part, params.K - 1);
  return weight4_from(row_start(batch * params.K + step, params.N), start.y, params.N);
}

fn right_steps(parts: mat4x4f) -> mat4x4f { return parts; }

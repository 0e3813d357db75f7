// c[b,m,first+n] = alpha * sum_k x[b,m,k] * w[b,n,k]  (+ what is there if accumulate)
//
// x [B, M, K]   w [B, N, K], stored as lib/weights-*.wgsl says   c [B, M, O]: the product fills its columns from
// `first` on. A linear layer's forward pass: both operands run along K. Joined with one of products/*.wgsl, which has
// the entry point, with one of lib/results-*.wgsl, for c, and with lib/finish-rows.wgsl.
//
// What a product's file gives to products/*.wgsl, for any row and column and for steps k < K, four at a time, k = 4 k4:
// product_size: M, N, K. left_start, left: where the part-th part of a block of rows begins, and its four values at the
// steps k .. k + 3; or, where PARTS_ARE_STEPS, of four rows at the part-th of these steps. left_rows makes rows of four
// parts. right_start, right: the same of a block of columns; right_steps makes the steps. The starts do not depend on k,
// and are taken outside of loops over it, which not every compiler does by itself; nor does every one divide by 4 without
// a division. What does not exist is zero in one of the two along K, and anything beside it. Then what is done with the
// sums of the columns col .. col + 3: finish_row, of one row, or finish, of four rows, of the band-th four rows that an
// invocation owns. Where there are fewer workgroups than columns, an invocation goes on with others; conclude, beside
// finish: what it does with its rows in the end.

struct Params {
  M: u32,
  N: u32,
  K: u32,
  O: u32,
  first: u32,
  alpha: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<Stored>;
@group(0) @binding(3) var<storage, read_write> c: array<Result>;

/// Whether the rows of x are multiples of four values, so that they may be read four at a time.
override ALIGNED: bool = true;

const PARTS_ARE_STEPS = false;

fn product_size() -> vec3u { return vec3u(params.M, params.N, params.K); }

fn left_start(batch: u32, row: u32, part: u32) -> u32 {
  let start = (batch * params.M + min(row + part, params.M - 1)) * params.K;
  if (ALIGNED) { return start / 4; }
  return start;
}

fn left(start: u32, k4: u32, part: u32) -> vec4f {
  if (ALIGNED) { return x[start + k4]; }
  let k = 4 * k4;
  let at = start + k;
  var values = vec4f(0.0);
  for (var j = 0u; j < 4 && k + j < params.K; j++) { values[j] = x[(at + j) / 4][(at + j) % 4]; }
  return values;
}

fn left_rows(parts: mat4x4f) -> mat4x4f { return parts; }

fn right_start(batch: u32, col: u32, part: u32) -> u32 {
  return row_start(batch * params.N + min(col + part, params.N - 1), params.K);
}

fn right(batch: u32, start: u32, k4: u32, part: u32) -> vec4f { return weight4_from(start, k4, params.K); }

fn right_steps(parts: mat4x4f) -> mat4x4f { return transpose(parts); }

fn finish_row(batch: u32, row: u32, col: u32, sums: vec4f) {
  put4((batch * params.M + row) * params.O + params.first + col, params.N - col, params.alpha * sums, params.accumulate == 1);
}

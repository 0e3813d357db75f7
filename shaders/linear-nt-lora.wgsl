// c[m,first+n] = sum_k x[m,k] * w[n,k] + scale * sum_r low[m,r] * b[first+n,r]  (+ what is there if accumulate)
//
// x [M, K]   w [N, K], stored as lib/weights-*.wgsl says   low [M, R]   b [O, R]   c [M, O]: the product fills its columns
// from `first` on. A linear layer with its low-rank change, low = x a^T: the R steps of the second product come after the
// K of the first, so that the results are written once. All are multiples of 4.
// Joined with one of products/*.wgsl and of lib/results-*.wgsl; linear-nt.wgsl says what it gives to them.

struct Params {
  M: u32,
  N: u32,
  K: u32,
  R: u32,
  O: u32,
  first: u32,
  scale: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<Stored>;
@group(0) @binding(3) var<storage, read> low: array<vec4f>;
@group(0) @binding(4) var<storage, read> b: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> c: array<Result>;

const PARTS_ARE_STEPS = false;

fn product_size() -> vec3u { return vec3u(params.M, params.N, params.K + params.R); }

/// A row: it has a place in both operands.
fn left_start(batch: u32, row: u32, part: u32) -> u32 { return min(row + part, params.M - 1); }

fn left(row: u32, k4: u32, part: u32) -> vec4f {
  let k = 4 * k4;
  if (k < params.K) { return x[(row * params.K + k) / 4]; }
  return low[(row * params.R + k - params.K) / 4];
}

fn left_rows(parts: mat4x4f) -> mat4x4f { return parts; }

fn right_start(batch: u32, col: u32, part: u32) -> u32 { return min(col + part, params.N - 1); }

fn right(batch: u32, col: u32, k4: u32, part: u32) -> vec4f {
  let k = 4 * k4;
  if (k < params.K) { return weight4(col, k, params.K); }
  return params.scale * b[((params.first + col) * params.R + k - params.K) / 4];
}

fn right_steps(parts: mat4x4f) -> mat4x4f { return transpose(parts); }

fn finish_row(batch: u32, row: u32, col: u32, sums: vec4f) {
  put4(row * params.O + params.first + col, params.N - col, sums, params.accumulate == 1);
}

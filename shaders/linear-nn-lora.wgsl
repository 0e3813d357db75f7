// c[m,n] = sum_k dy[m,k] * w[k,n] + sum_r dlow[m,r] * a[r,n]  (+ c[m,n] if accumulate)
//
// dy [M, K]   w [K, N], stored as lib/weights-*.wgsl says   dlow [M, R]   a [R, N]   c [M, N]. The gradient by its input of
// a linear layer with a low-rank change, as linear-nt-lora.wgsl: the R steps of the second product come after the K of
// the first. All are multiples of 4.
// Joined with one of products/*.wgsl and of lib/results-*.wgsl; linear-nt.wgsl says what it gives to them.

struct Params {
  M: u32,
  N: u32,
  K: u32,
  R: u32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<Stored>;
@group(0) @binding(3) var<storage, read> dlow: array<vec4f>;
@group(0) @binding(4) var<storage, read> a: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> c: array<Result>;

const PARTS_ARE_STEPS = false;

fn product_size() -> vec3u { return vec3u(params.M, params.N, params.K + params.R); }

/// A row: it has a place in both operands.
fn left_start(batch: u32, row: u32, part: u32) -> u32 { return min(row + part, params.M - 1); }

fn left(row: u32, k4: u32, part: u32) -> vec4f {
  let k = 4 * k4;
  if (k < params.K) { return dy[(row * params.K + k) / 4]; }
  return dlow[(row * params.R + k - params.K) / 4];
}

fn left_rows(parts: mat4x4f) -> mat4x4f { return parts; }

fn right_start(batch: u32, col: u32, part: u32) -> u32 { return min(col, params.N - 4); }

fn right(batch: u32, col: u32, k4: u32, part: u32) -> vec4f {
  let k = 4 * k4;
  if (k < params.K) { return weight4(k + part, col, params.N); }
  return a[((k + part - params.K) * params.N + col) / 4];
}

fn right_steps(parts: mat4x4f) -> mat4x4f { return parts; }

fn finish_row(batch: u32, row: u32, col: u32, sums: vec4f) {
  put4(row * params.N + col, params.N - col, sums, params.accumulate == 1);
}

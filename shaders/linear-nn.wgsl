// c[b,m,n] = alpha * sum_k dy[b,m,first+k] * w[b,k,n]  (+ c[b,m,n] if accumulate)
//
// dy [B, M, O]   w [B, K, N], stored as lib/weights-*.wgsl says   c [B, M, N]. A linear layer's gradient by its input:
// K are the outputs from `first` on, a multiple of 4. Joined with lib/right-rows.wgsl, and one of products/*.wgsl and of
// lib/results-*.wgsl; linear-nt.wgsl says what it gives to them.

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
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<Stored>;
@group(0) @binding(3) var<storage, read_write> c: array<Result>;

/// Whether the rows of dy are multiples of four values, so that they may be read four at a time.
override ALIGNED: bool = true;

const PARTS_ARE_STEPS = false;

fn product_size() -> vec3u { return vec3u(params.M, params.N, params.K); }

fn left_start(batch: u32, row: u32, part: u32) -> u32 {
  let start = (batch * params.M + min(row + part, params.M - 1)) * params.O + params.first;
  if (ALIGNED) { return start / 4; }
  return start;
}

fn left(start: u32, k4: u32, part: u32) -> vec4f {
  if (ALIGNED) { return dy[start + k4]; }
  let k = 4 * k4;
  let at = start + k;
  var values = vec4f(0.0);
  for (var j = 0u; j < 4 && k + j < params.K; j++) { values[j] = dy[(at + j) / 4][(at + j) % 4]; }
  return values;
}

fn left_rows(parts: mat4x4f) -> mat4x4f { return parts; }

fn finish_row(batch: u32, row: u32, col: u32, sums: vec4f) {
  put4((batch * params.M + row) * params.N + col, params.N - col, params.alpha * sums, params.accumulate == 1);
}

// c[b,m,n] = alpha * sum_k dy[b,m,first+k] * w[b,k,n]  (+ c[b,m,n] if accumulate)
//
// dy [B, M, O]   w [B, K, N], stored as lib/weights-*.wgsl says   c [B, M, N]. A linear layer's gradient by its input:
// K are the outputs from `first` on, a multiple of 4.
// Each invocation owns 4 x 4 results and reads its operands straight from memory: no workgroup memory, no
// barrier. Software adapters run barriers slowly, and a GPU's caches serve the neighbours' repeated reads.

override LANES_M: u32 = 8;
override LANES_N: u32 = 8;
/// Whether the rows of dy are multiples of four values, so that they may be read four at a time.
override ALIGNED: bool = true;

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
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(LANES_N, LANES_M)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 4;
  let col = id.x * 4;
  if (row >= params.M || col >= params.N) { return; }
  var r0 = vec4f(0.0);
  var r1 = vec4f(0.0);
  var r2 = vec4f(0.0);
  var r3 = vec4f(0.0);
  for (var k = 0u; k < params.K; k += 4) {
    let w0 = w_at(id.z, k, col);
    let w1 = w_at(id.z, k + 1, col);
    let w2 = w_at(id.z, k + 2, col);
    let w3 = w_at(id.z, k + 3, col);
    r0 += combine(dy_at(id.z, row, k), w0, w1, w2, w3);
    r1 += combine(dy_at(id.z, row + 1, k), w0, w1, w2, w3);
    r2 += combine(dy_at(id.z, row + 2, k), w0, w1, w2, w3);
    r3 += combine(dy_at(id.z, row + 3, k), w0, w1, w2, w3);
  }
  store(id.z, row, col, r0);
  store(id.z, row + 1, col, r1);
  store(id.z, row + 2, col, r2);
  store(id.z, row + 3, col, r3);
}

fn combine(a: vec4f, w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f) -> vec4f {
  return fma(vec4f(a.x), w0, fma(vec4f(a.y), w1, fma(vec4f(a.z), w2, a.w * w3)));
}

/// dy[batch, row, col .. col + 3]: zero outside.
fn dy_at(batch: u32, row: u32, col: u32) -> vec4f {
  let exists = row < params.M && col < params.K;
  let at = (batch * params.M + min(row, params.M - 1)) * params.O + params.first + col;
  if (ALIGNED) { return select(vec4f(0.0), dy[at / 4], exists); }
  var values = vec4f(0.0);
  for (var j = 0u; j < 4; j++) {
    if (exists && col + j < params.K) { values[j] = dy[(at + j) / 4][(at + j) % 4]; }
  }
  return values;
}

/// w[batch, row, col .. col + 3]: zero outside.
fn w_at(batch: u32, row: u32, col: u32) -> vec4f {
  let exists = row < params.K && col < params.N;
  return select(vec4f(0.0), weight4(batch * params.K + min(row, params.K - 1), col, params.N), exists);
}

fn store(batch: u32, row: u32, col: u32, sums: vec4f) {
  if (row >= params.M) { return; }
  let at = (batch * params.M + row) * params.N + col;
  for (var j = 0u; j < 4; j++) {
    if (col + j < params.N) {
      c[at + j] = params.alpha * sums[j] + select(0.0, c[at + j], params.accumulate == 1);
    }
  }
}

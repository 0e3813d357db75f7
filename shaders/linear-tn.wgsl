// c[b,m,n] = alpha * sum_k dy[b,k,first+m] * x[b,k,n]  (+ c[b,m,n] if accumulate)
//
// dy [B, K, O]   x [B, K, N]   c [B, M, N]. A linear layer's gradient by its weight: K are the tokens, M the outputs
// from `first` on, a multiple of 4.
// Each invocation owns 4 x 4 results and reads its operands straight from memory: no workgroup memory, no
// barrier. Software adapters run barriers slowly, and a GPU's caches serve the neighbours' repeated reads.

override LANES_M: u32 = 8;
override LANES_N: u32 = 8;
/// Whether the operands' rows are multiples of four values, so that each may be read four at a time.
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
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
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
  for (var k = 0u; k < params.K; k++) {
    let d = dy_at(id.z, k, row);
    let v = x_at(id.z, k, col);
    r0 = fma(vec4f(d.x), v, r0);
    r1 = fma(vec4f(d.y), v, r1);
    r2 = fma(vec4f(d.z), v, r2);
    r3 = fma(vec4f(d.w), v, r3);
  }
  store(id.z, row, col, r0);
  store(id.z, row + 1, col, r1);
  store(id.z, row + 2, col, r2);
  store(id.z, row + 3, col, r3);
}

/// dy[batch, row, col .. col + 3]: zero outside.
fn dy_at(batch: u32, row: u32, col: u32) -> vec4f {
  let exists = row < params.K && col < params.M;
  let at = (batch * params.K + min(row, params.K - 1)) * params.O + params.first + col;
  if (ALIGNED) { return select(vec4f(0.0), dy[at / 4], exists); }
  var values = vec4f(0.0);
  for (var j = 0u; j < 4; j++) {
    if (exists && col + j < params.M) { values[j] = dy[(at + j) / 4][(at + j) % 4]; }
  }
  return values;
}

/// x[batch, row, col .. col + 3]: zero outside.
fn x_at(batch: u32, row: u32, col: u32) -> vec4f {
  let exists = row < params.K && col < params.N;
  let at = (batch * params.K + min(row, params.K - 1)) * params.N + col;
  if (ALIGNED) { return select(vec4f(0.0), x[at / 4], exists); }
  var values = vec4f(0.0);
  for (var j = 0u; j < 4; j++) {
    if (exists && col + j < params.N) { values[j] = x[(at + j) / 4][(at + j) % 4]; }
  }
  return values;
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

// c[b,m,first+n] = alpha * sum_k x[b,m,k] * w[b,n,k]  (+ what is there if accumulate)
//
// x [B, M, K]   w [B, N, K], stored as lib/weights-*.wgsl says   c [B, M, O]: the product fills its columns from
// `first` on. A linear layer's forward pass: both operands run along K.
// Each invocation owns 4 x 4 results and reads its operands straight from memory: no workgroup memory, no
// barrier. Software adapters run barriers slowly, and a GPU's caches serve the neighbours' repeated reads.

override LANES_M: u32 = 8;
override LANES_N: u32 = 8;
/// Whether the rows of x are multiples of four values, so that they may be read four at a time.
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
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
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
    let x0 = x_at(id.z, row, k);
    let x1 = x_at(id.z, row + 1, k);
    let x2 = x_at(id.z, row + 2, k);
    let x3 = x_at(id.z, row + 3, k);
    let w0 = w_at(id.z, col, k);
    let w1 = w_at(id.z, col + 1, k);
    let w2 = w_at(id.z, col + 2, k);
    let w3 = w_at(id.z, col + 3, k);
    r0 += vec4f(dot(x0, w0), dot(x0, w1), dot(x0, w2), dot(x0, w3));
    r1 += vec4f(dot(x1, w0), dot(x1, w1), dot(x1, w2), dot(x1, w3));
    r2 += vec4f(dot(x2, w0), dot(x2, w1), dot(x2, w2), dot(x2, w3));
    r3 += vec4f(dot(x3, w0), dot(x3, w1), dot(x3, w2), dot(x3, w3));
  }
  store(id.z, row, col, r0);
  store(id.z, row + 1, col, r1);
  store(id.z, row + 2, col, r2);
  store(id.z, row + 3, col, r3);
}

/// x[batch, row, col .. col + 3]: zero outside.
fn x_at(batch: u32, row: u32, col: u32) -> vec4f {
  let exists = row < params.M && col < params.K;
  let at = (batch * params.M + min(row, params.M - 1)) * params.K + col;
  if (ALIGNED) { return select(vec4f(0.0), x[at / 4], exists); }
  var values = vec4f(0.0);
  for (var j = 0u; j < 4; j++) {
    if (exists && col + j < params.K) { values[j] = x[(at + j) / 4][(at + j) % 4]; }
  }
  return values;
}

/// w[batch, row, col .. col + 3]: zero outside.
fn w_at(batch: u32, row: u32, col: u32) -> vec4f {
  let exists = row < params.N && col < params.K;
  return select(vec4f(0.0), weight4(batch * params.N + min(row, params.N - 1), col, params.K), exists);
}

fn store(batch: u32, row: u32, col: u32, sums: vec4f) {
  if (row >= params.M) { return; }
  let at = (batch * params.M + row) * params.O + params.first + col;
  for (var j = 0u; j < 4; j++) {
    if (col + j < params.N) {
      c[at + j] = params.alpha * sums[j] + select(0.0, c[at + j], params.accumulate == 1);
    }
  }
}

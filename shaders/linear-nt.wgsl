// c[b,m,n] = alpha * sum_k x[b,m,k] * w[b,n,k]  (+ c[b,m,n] if accumulate)
//
// x [B, M, K]   w [B, N, K]   c [B, M, N]. A linear layer's forward pass: both operands run along K.
// One workgroup per TILE_M x TILE_N results of batch z; see lib/tile.wgsl.

struct Params {
  M: u32,
  N: u32,
  K: u32,
  alpha: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row0 = group.y * TILE_M;
  let col0 = group.x * TILE_N;
  let m = lane / LANES_N;
  let n = lane % LANES_N;

  var sums: Block;
  for (var k0 = 0u; k0 < params.K; k0 += TILE_K) {
    for (var i = lane; i < LANES_M * TILE_K / 4; i += LANES) {
      let k = i % (TILE_K / 4) * 4;
      let r = i / (TILE_K / 4);
      let row = row0 + r * 4;
      stage_left_rows(k, r, x_at(group.z, row, k0 + k), x_at(group.z, row + 1, k0 + k),
        x_at(group.z, row + 2, k0 + k), x_at(group.z, row + 3, k0 + k));
    }
    for (var i = lane; i < LANES_N * TILE_K / 4; i += LANES) {
      let k = i % (TILE_K / 4) * 4;
      let r = i / (TILE_K / 4);
      let row = col0 + r * 4;
      stage_right_rows(k, r, w_at(group.z, row, k0 + k), w_at(group.z, row + 1, k0 + k),
        w_at(group.z, row + 2, k0 + k), w_at(group.z, row + 3, k0 + k));
    }
    workgroupBarrier();
    multiply_tile(&sums, m, n);
    workgroupBarrier();
  }

  let row = row0 + m * 4;
  let col = col0 + n * 4;
  let first = group.z * params.M;
  store(first, row, col, sums.r0);
  store(first, row + 1, col, sums.r1);
  store(first, row + 2, col, sums.r2);
  store(first, row + 3, col, sums.r3);
}

/// x[batch, row, col .. col + 3], zero outside.
fn x_at(batch: u32, row: u32, col: u32) -> vec4f {
  if (row >= params.M || col >= params.K) { return vec4f(0.0); }
  return four_x((batch * params.M + row) * params.K + col, params.K - col);
}

/// w[batch, row, col .. col + 3], zero outside.
fn w_at(batch: u32, row: u32, col: u32) -> vec4f {
  if (row >= params.N || col >= params.K) { return vec4f(0.0); }
  return four_w((batch * params.N + row) * params.K + col, params.K - col);
}

fn store(first: u32, row: u32, col: u32, values: vec4f) {
  if (row >= params.M) { return; }
  let at = (first + row) * params.N + col;
  for (var j = 0u; j < 4; j++) {
    if (col + j < params.N) {
      c[at + j] = params.alpha * values[j] + select(0.0, c[at + j], params.accumulate == 1);
    }
  }
}

/// Four values of x from `at` on, of which the first `left_in_row` exist.
fn four_x(at: u32, left_in_row: u32) -> vec4f {
  if (at % 4 == 0 && left_in_row >= 4) { return x[at / 4]; }
  var values = vec4f(0.0);
  for (var j = 0u; j < min(4u, left_in_row); j++) { values[j] = x[(at + j) / 4][(at + j) % 4]; }
  return values;
}

/// Four values of w from `at` on, of which the first `left_in_row` exist.
fn four_w(at: u32, left_in_row: u32) -> vec4f {
  if (at % 4 == 0 && left_in_row >= 4) { return w[at / 4]; }
  var values = vec4f(0.0);
  for (var j = 0u; j < min(4u, left_in_row); j++) { values[j] = w[(at + j) / 4][(at + j) % 4]; }
  return values;
}

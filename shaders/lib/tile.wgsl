// A tile of a matrix product: C[m, n] += sum_k A[m, k] * B[n, k], in workgroup memory and registers.
//
// LANES_M x LANES_N invocations each own 4 x 4 results, so a workgroup owns TILE_M x TILE_N of them.
// Both operands lie K-major in workgroup memory, four rows to a vec4: left[k * LANES_M + m / 4].
// Each vec4 is written whole by one invocation: WGSL lets a write to one component touch the others.

override LANES_M: u32 = 16;
override LANES_N: u32 = 16;
override LANES: u32 = LANES_M * LANES_N;
override TILE_M: u32 = 4 * LANES_M;
override TILE_N: u32 = 4 * LANES_N;
const TILE_K = 16u;

var<workgroup> left: array<vec4f, TILE_K * LANES_M>;
var<workgroup> right: array<vec4f, TILE_K * LANES_N>;

/// Four rows of four results: sums[i][j] belongs to row i, column j of the invocation's block.
struct Block {
  r0: vec4f,
  r1: vec4f,
  r2: vec4f,
  r3: vec4f,
}

/// Adds the products of the staged TILE_K slice to the block of lane (m, n).
fn multiply_tile(sums: ptr<function, Block>, m: u32, n: u32) {
  var r0 = (*sums).r0;
  var r1 = (*sums).r1;
  var r2 = (*sums).r2;
  var r3 = (*sums).r3;
  for (var k = 0u; k < TILE_K; k++) {
    let a = left[k * LANES_M + m];
    let b = right[k * LANES_N + n];
    r0 = fma(vec4f(a.x), b, r0);
    r1 = fma(vec4f(a.y), b, r1);
    r2 = fma(vec4f(a.z), b, r2);
    r3 = fma(vec4f(a.w), b, r3);
  }
  *sums = Block(r0, r1, r2, r3);
}

/// Stages a 4 x 4 block whose rows run along K: row i of the block is vi, values along k.
fn stage_left_rows(k: u32, m: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f) {
  left[(k + 0) * LANES_M + m] = vec4f(v0.x, v1.x, v2.x, v3.x);
  left[(k + 1) * LANES_M + m] = vec4f(v0.y, v1.y, v2.y, v3.y);
  left[(k + 2) * LANES_M + m] = vec4f(v0.z, v1.z, v2.z, v3.z);
  left[(k + 3) * LANES_M + m] = vec4f(v0.w, v1.w, v2.w, v3.w);
}

fn stage_right_rows(k: u32, n: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f) {
  right[(k + 0) * LANES_N + n] = vec4f(v0.x, v1.x, v2.x, v3.x);
  right[(k + 1) * LANES_N + n] = vec4f(v0.y, v1.y, v2.y, v3.y);
  right[(k + 2) * LANES_N + n] = vec4f(v0.z, v1.z, v2.z, v3.z);
  right[(k + 3) * LANES_N + n] = vec4f(v0.w, v1.w, v2.w, v3.w);
}

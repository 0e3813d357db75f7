// best[n,w] = the largest s - slack of the pairs x[rows[n],:], y[k,:], k = base + 32 w + j < count, j < 32
//
// s and slack: lib/similarity-tile.wgsl   x [A, V]   y [K, V], both as prepare-rows.wgsl leaves them
// rows [B]   best [B, W]: LEAST if none of the k can be compared. Each invocation owns word w of four rows of x.

override LANES_B: u32 = 8;
override LANES_W: u32 = 8;

/// Below every sum.
const LEAST = -3.2e38;

struct Params {
  B: u32,
  V: u32,
  W: u32,
  quads: u32,
  base: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Quad>;
@group(0) @binding(2) var<storage, read> y: array<Quad>;
@group(0) @binding(3) var<storage, read> rows: array<u32>;
@group(0) @binding(4) var<storage, read_write> best: array<f32>;

@compute @workgroup_size(LANES_W, LANES_B)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.y * 4;
  let w = id.x;
  if (n >= params.B || w >= params.W) { return; }
  let ns = min(n + vec4u(0, 1, 2, 3), vec4u(params.B - 1));
  let own = vec4u(rows[ns.x], rows[ns.y], rows[ns.z], rows[ns.w]);
  let stride = params.V / BOUNDS;
  var largest = vec4f(LEAST);
  for (var bit = 0u; bit < 32; bit += 4) {
    let col = params.base + w * 32 + bit;
    if (col >= params.count) { break; }
    let cols = min(col + vec4u(0, 1, 2, 3), vec4u(params.count - 1));
    let tile = similarity_tile(own * stride, cols * stride, params.quads, vec4f(LEAST));
    for (var j = 0u; j < 4; j++) {
      // Columns past the last repeat it.
      let sums = tile.sums[j] - tile.slack[j];
      largest = select(largest, max(largest, sums), vec4<bool>(comparable(cols[j] * stride)));
    }
  }
  for (var i = 0u; i < min(4, params.B - n); i++) { best[(n + i) * params.W + w] = largest[i]; }
}

/// Whether a row is there: the bounds of others are -1.
fn comparable(row: u32) -> bool {
  return bitcast<f32>(y[row + params.quads].x) >= 0.0;
}

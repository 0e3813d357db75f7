// For the row x[rows[n],:], bits for the rows y[k,:], k = base + 32 w + j: of mask[n,w,0] bit j is set if
// s + slack > lower[n], and of mask[n,w,1] if s - slack > upper
//
// s is the similarity of the two rows, of which lib/similarity-tile.wgsl computes as much as it takes. Only
// k < count and k < rows[n] + ahead count. x [A, V]   y [K, V], both as prepare-rows.wgsl leaves them
// rows [B], NONE from the first one on that is not there: its rows of the mask are left alone   lower [B]
// mask [B, W, 2]. Each invocation owns word w of four rows of the mask.

override LANES_B: u32 = 8;
override LANES_W: u32 = 8;

const NONE = 0xffffffffu;

struct Params {
  B: u32,
  V: u32,
  W: u32,
  quads: u32,
  base: u32,
  count: u32,
  ahead: u32,
  upper: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Quad>;
@group(0) @binding(2) var<storage, read> y: array<Quad>;
@group(0) @binding(3) var<storage, read> rows: array<u32>;
@group(0) @binding(4) var<storage, read> lower: array<f32>;
@group(0) @binding(5) var<storage, read_write> mask: array<u32>;

@compute @workgroup_size(LANES_W, LANES_B)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.y * 4;
  let w = id.x;
  if (n >= params.B || w >= params.W) { return; }
  let first = rows[n];
  if (first == NONE) { return; }
  let named = vec4u(first, row_at(n + 1), row_at(n + 2), row_at(n + 3));
  let there = named != vec4u(NONE);
  let own = select(vec4u(first), named, there);
  let ends = select(vec4u(0), min(own + params.ahead, vec4u(params.count)), there);
  let end = max(max(ends.x, ends.y), max(ends.z, ends.w));
  let ns = min(n + vec4u(0, 1, 2, 3), vec4u(params.B - 1));
  let limits = vec4f(lower[ns.x], lower[ns.y], lower[ns.z], lower[ns.w]);
  let stride = params.V / BOUNDS;
  var maybe = vec4u(0);
  var certain = vec4u(0);
  for (var bit = 0u; bit < 32; bit += 4) {
    let col = params.base + w * 32 + bit;
    if (col >= end) { break; }
    let cols = min(col + vec4u(0, 1, 2, 3), vec4u(end - 1));
    let tile = similarity_tile(own * stride, cols * stride, params.quads, limits);
    for (var j = 0u; j < 4; j++) {
      let counts = vec4u(col + j) < ends;
      let above = (tile.sums[j] + tile.slack[j] > limits) & counts;
      let surely = (tile.sums[j] - tile.slack[j] > vec4f(params.upper)) & counts;
      maybe |= select(vec4u(0), vec4u(1u << (bit + j)), above);
      certain |= select(vec4u(0), vec4u(1u << (bit + j)), surely);
    }
  }
  for (var i = 0u; i < 4; i++) {
    if (!there[i]) { break; }
    let at = ((n + i) * params.W + w) * 2;
    mask[at] = maybe[i];
    mask[at + 1] = certain[i];
  }
}

fn row_at(n: u32) -> u32 {
  return select(NONE, rows[min(n, params.B - 1)], n < params.B);
}

// s[b,k] = x[b,:] . y[k,:], of which only this is kept for each strip t of STRIP rows of the bank y:
// found[b,t,:] = the first k with s > lower (NONE if there is none), the bits of the largest s, its first k
//
// x [B, P]   y [K, P], of which `count` rows hold something   found [B, T, 3], T = ceil(count / STRIP)
// Rows have unit length. Each invocation owns four rows of x and one strip; cosine-threshold-merge.wgsl joins
// strips.

override LANES_B: u32 = 8;
override LANES_T: u32 = 8;
override STRIP: u32 = 64;

const NONE = 0xffffffffu;

struct Params {
  B: u32,
  P: u32,
  T: u32,
  count: u32,
  lower: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> found: array<u32>;

@compute @workgroup_size(LANES_T, LANES_B)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 4;
  let strip = id.x;
  if (row >= params.B || strip >= params.T) { return; }
  var first = vec4u(NONE);
  var best = vec4f(-2.0);
  var nearest = vec4u(NONE);
  let end = min((strip + 1) * STRIP, params.count);
  for (var col = strip * STRIP; col < end; col += 4) {
    var tile = cosine_tile(row, col, params.B, params.count, params.P / 4);
    for (var j = 0u; j < min(4, end - col); j++) {
      let s = tile[j];
      let k = vec4u(col + j);
      first = select(first, k, (first == vec4u(NONE)) & (s > vec4f(params.lower)));
      let nearer = s > best;
      best = select(best, s, nearer);
      nearest = select(nearest, k, nearer);
    }
  }
  for (var i = 0u; i < min(4, params.B - row); i++) {
    let at = ((row + i) * params.T + strip) * 3;
    found[at] = first[i];
    found[at + 1] = bitcast<u32>(best[i]);
    found[at + 2] = nearest[i];
  }
}

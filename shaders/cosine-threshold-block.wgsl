// Bit j % 32 of mask[i, j / 32] = x[i,:] . x[j,:] > lower, for j < i; all other bits are 0
//
// x [B, P], bound as y too; rows have unit length   mask [B, W], W = ceil(B / 32)
// Each invocation owns one word of each of four rows.

override LANES_B: u32 = 8;
override LANES_W: u32 = 8;

struct Params {
  B: u32,
  P: u32,
  W: u32,
  lower: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> mask: array<u32>;

@compute @workgroup_size(LANES_W, LANES_B)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 4;
  let word = id.x;
  if (row >= params.B || word >= params.W) { return; }
  let rows = vec4u(row, row + 1, row + 2, row + 3);
  var bits = vec4u(0);
  for (var bit = 0u; bit < 32; bit += 4) {
    let col = word * 32 + bit;
    if (col >= row + 3) { break; }
    var tile = cosine_tile(row, col, params.B, params.B, params.P / 4);
    for (var j = 0u; j < 4; j++) {
      let above = (tile[j] > vec4f(params.lower)) & (vec4u(col + j) < rows);
      bits |= select(vec4u(0), vec4u(1u << (bit + j)), above);
    }
  }
  for (var i = 0u; i < min(4, params.B - row); i++) {
    mask[(row + i) * params.W + word] = bits[i];
  }
}

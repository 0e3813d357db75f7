// s[q, n] = similarity of target q and row n, see fixed-point-rows.wgsl
//
// words [T, W, 64], offsets [N]: rows from `base` on, `count` of them   s [Q, N]
// targets [Q, V] as Q / 4 groups of four with their components side by side   own [Q]
// One invocation for a row and four targets.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  N: u32,
  W: u32,
  base: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read> offsets: array<i32>;
@group(0) @binding(3) var<storage, read> targets: array<vec4i>;
@group(0) @binding(4) var<storage, read> own: array<i32>;
@group(0) @binding(5) var<storage, read_write> s: array<i32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.x * WORKGROUP_SIZE + lane;
  if (n >= params.count) { return; }
  let q = group.y * 4;
  let begin = group.y * 2 * params.W;
  var product = vec4i(0);
  for (var w = 0u; w < params.W; w++) {
    let pair = components(words[(group.x * params.W + w) * WORKGROUP_SIZE + lane]);
    product += pair.x * targets[begin + 2 * w] + pair.y * targets[begin + 2 * w + 1];
  }
  let row = params.base + n;
  for (var i = 0u; i < 4; i++) { s[(q + i) * params.N + row] = offsets[row] + own[q + i] + 2 * product[i]; }
}

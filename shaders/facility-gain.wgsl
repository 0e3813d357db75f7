// gains[b, m] = sum over the rows i of block b of max(0, s[i, m] - covered[i]),
// s[i, m] = floor(max(0, similarity of row i and row list[m]) / 4096), at most 500000
//
// words [T, W, 64], offsets [N]: rows from `base` on, `count` of them, see fixed-point-rows.wgsl
// chosen [M, V] as M / 4 groups of four rows with their components side by side   own [M]   covered [N]
// list [M]: eight entries of which the first is NONE are left out   gains [K, M]: blocks from `block` on
// One workgroup for `tiles` times 64 rows and eight entries, one invocation for each 64th row. `tiles` is at most
// 128, so that sums stay below 2^32.

override WORKGROUP_SIZE: u32 = 64;

const NONE = 0xffffffffu;

struct Params {
  M: u32,
  W: u32,
  base: u32,
  count: u32,
  tiles: u32,
  block: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read> offsets: array<i32>;
@group(0) @binding(3) var<storage, read> chosen: array<vec4i>;
@group(0) @binding(4) var<storage, read> own: array<i32>;
@group(0) @binding(5) var<storage, read> list: array<u32>;
@group(0) @binding(6) var<storage, read> covered: array<u32>;
@group(0) @binding(7) var<storage, read_write> gains: array<u32>;

var<workgroup> sums: array<vec4u, 2 * WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m = group.y * 8;
  let begin = group.x * params.tiles;
  // Blocks beyond this shard's are those of others.
  if (begin * WORKGROUP_SIZE >= params.count || list[m] == NONE) { return; }
  let a = m / 4 * 2 * params.W;
  let b = a + 2 * params.W;
  let own_a = vec4i(own[m], own[m + 1], own[m + 2], own[m + 3]);
  let own_b = vec4i(own[m + 4], own[m + 5], own[m + 6], own[m + 7]);
  var sum_a = vec4u(0);
  var sum_b = vec4u(0);
  for (var tile = begin; tile < begin + params.tiles; tile++) {
    let n = tile * WORKGROUP_SIZE + lane;
    if (n >= params.count) { break; }
    var product_a = vec4i(0);
    var product_b = vec4i(0);
    for (var w = 0u; w < params.W; w++) {
      let pair = components(words[(tile * params.W + w) * WORKGROUP_SIZE + lane]);
      product_a += pair.x * chosen[a + 2 * w] + pair.y * chosen[a + 2 * w + 1];
      product_b += pair.x * chosen[b + 2 * w] + pair.y * chosen[b + 2 * w + 1];
    }
    let offset = offsets[params.base + n];
    let before = vec4u(covered[params.base + n]);
    sum_a += max(before, coverage(offset + own_a + 2 * product_a)) - before;
    sum_b += max(before, coverage(offset + own_b + 2 * product_b)) - before;
  }
  sums[2 * lane] = sum_a;
  sums[2 * lane + 1] = sum_b;
  workgroupBarrier();
  if (lane >= 8) { return; }
  var sum = 0u;
  for (var i = 0u; i < WORKGROUP_SIZE; i++) { sum += sums[2 * i + lane / 4][lane % 4]; }
  gains[(params.block + group.x) * params.M + m + lane] = sum;
}

fn coverage(similarity: vec4i) -> vec4u {
  return vec4u(max(similarity, vec4i(0))) >> vec4u(12);
}

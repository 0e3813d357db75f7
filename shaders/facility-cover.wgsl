// covered[n] = max(covered[n], floor(max(0, similarity of row n and centre) / 4096))
//
// words [T, W, 64], offsets [N]: rows from `base` on, `count` of them, see fixed-point-rows.wgsl
// centre [1, V]   own [1]   covered [N]. One invocation a row.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  W: u32,
  base: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read> offsets: array<i32>;
@group(0) @binding(3) var<storage, read> centre: array<i32>;
@group(0) @binding(4) var<storage, read> own: array<i32>;
@group(0) @binding(5) var<storage, read_write> covered: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_workgroup(group, groups);
  let n = tile * WORKGROUP_SIZE + lane;
  if (n >= params.count) { return; }
  var product = 0;
  for (var w = 0u; w < params.W; w++) {
    let pair = components(words[(tile * params.W + w) * WORKGROUP_SIZE + lane]);
    product += pair.x * centre[2 * w] + pair.y * centre[2 * w + 1];
  }
  let row = params.base + n;
  let similarity = offsets[row] + own[0] + 2 * product;
  covered[row] = max(covered[row], u32(max(similarity, 0)) >> 12);
}

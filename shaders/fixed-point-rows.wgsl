// rows[m / L, e, m % L] = e-th component of row list[m] of the bank, own[m] = its offset, for the rows that
// are in this shard: from `base` on, `count` of them. Entries of other rows, and of no row, are left alone.
//
// words [T, W, 64]: component 2w in the low and 2w + 1 in the high half of words[n / 64, w, n % 64]
// offsets [N]   list [M]   rows [M, V], V = 2W, as M / L groups of L rows with their components side by side
// own [M]. One invocation a word.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  M: u32,
  W: u32,
  L: u32,
  base: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read> offsets: array<i32>;
@group(0) @binding(3) var<storage, read> list: array<u32>;
@group(0) @binding(4) var<storage, read_write> rows: array<i32>;
@group(0) @binding(5) var<storage, read_write> own: array<i32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  let m = i / params.W;
  if (m >= params.M) { return; }
  let row = list[m];
  if (row < params.base || row - params.base >= params.count) { return; }
  let n = row - params.base;
  let w = i % params.W;
  let pair = components(words[(n / 64 * params.W + w) * 64 + n % 64]);
  let at = (m / params.L * 2 * params.W + 2 * w) * params.L + m % params.L;
  rows[at] = pair.x;
  rows[at + params.L] = pair.y;
  if (w == 0) { own[m] = offsets[row]; }
}

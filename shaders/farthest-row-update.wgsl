// d[n] = |row n - centre|^2, near[n] = min(near[n], d[n]), and for each 64 rows g the row that comes next:
// best[g,:] = (key, row, near) of the largest key = bonus + near whole + floor(near weight / 2^32), the first
// of equal ones; row = NONE if all of them are taken
//
// words [T, W, 64], offsets [N]: rows from `base` on, `count` of them, see fixed-point-rows.wgsl
// centre [1, V]   own [1]   bonus [N]   near [N]: TAKEN for a row that was picked   best [G, 3]
// One workgroup for 64 rows, one invocation a row. |row - centre|^2 = (ONE - offset - own) - 2 row . centre,
// modulo 2^32, which it is below of.

override WORKGROUP_SIZE: u32 = 64;

const NONE = 0xffffffffu;
const TAKEN = 0xffffffffu;
/// 2 * 32000^2
const ONE = 2048000000u;

struct Params {
  W: u32,
  base: u32,
  count: u32,
  whole: u32,
  weight: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read> offsets: array<i32>;
@group(0) @binding(3) var<storage, read> centre: array<i32>;
@group(0) @binding(4) var<storage, read> own: array<i32>;
@group(0) @binding(5) var<storage, read> bonus: array<u32>;
@group(0) @binding(6) var<storage, read_write> near: array<u32>;
@group(0) @binding(7) var<storage, read_write> best: array<u32>;

var<workgroup> keys: array<u32, WORKGROUP_SIZE>;
var<workgroup> nears: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_workgroup(group, groups);
  let n = tile * WORKGROUP_SIZE + lane;
  var key = 0u;
  var distance = TAKEN;
  if (n < params.count) {
    let row = params.base + n;
    distance = near[row];
    if (distance != TAKEN) {
      var product = 0;
      for (var w = 0u; w < params.W; w++) {
        let pair = components(words[(tile * params.W + w) * WORKGROUP_SIZE + lane]);
        product += pair.x * centre[2 * w] + pair.y * centre[2 * w + 1];
      }
      distance = min(distance, ONE - bitcast<u32>(offsets[row] + own[0] + 2 * product));
      near[row] = distance;
      key = bonus[row] + distance * params.whole + high_product(distance, params.weight);
    }
  }
  keys[lane] = key;
  nears[lane] = distance;
  workgroupBarrier();
  if (lane != 0 || n >= params.count) { return; }
  var chosen = NONE;
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    if (nears[i] != TAKEN && (chosen == NONE || keys[i] > keys[chosen])) { chosen = i; }
  }
  let at = (params.base / WORKGROUP_SIZE + tile) * 3;
  best[at + 1] = NONE;
  if (chosen != NONE) {
    best[at] = keys[chosen];
    best[at + 1] = params.base + n + chosen;
    best[at + 2] = nears[chosen];
  }
}

// picked[0] = row of the largest key in best, the first of equal ones (NONE if there is no row);
// picks[slot[0] % P,:] = (picked[0], its near), slot[0] += 1, near[picked[0]] = TAKEN
//
// best [G, 3] as farthest-row-update.wgsl leaves it   slot [1]   picked [1]   picks [P, 2]   near [N]
// One workgroup. Each invocation goes through groups in order, so the first of equal keys stays.

override WORKGROUP_SIZE: u32 = 128;

const NONE = 0xffffffffu;
const TAKEN = 0xffffffffu;

struct Params {
  G: u32,
  P: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> best: array<u32>;
@group(0) @binding(2) var<storage, read_write> slot: array<u32>;
@group(0) @binding(3) var<storage, read_write> picked: array<u32>;
@group(0) @binding(4) var<storage, read_write> picks: array<u32>;
@group(0) @binding(5) var<storage, read_write> near: array<u32>;

var<workgroup> found: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  var chosen = NONE;
  for (var g = lane; g < params.G; g += WORKGROUP_SIZE) { chosen = better(chosen, g); }
  found[lane] = chosen;
  workgroupBarrier();
  if (lane != 0) { return; }
  for (var i = 1u; i < WORKGROUP_SIZE; i++) { chosen = better(chosen, found[i]); }
  let at = slot[0] % params.P * 2;
  slot[0] += 1;
  picked[0] = NONE;
  picks[at] = NONE;
  if (chosen == NONE) { return; }
  let row = best[chosen * 3 + 1];
  picked[0] = row;
  picks[at] = row;
  picks[at + 1] = best[chosen * 3 + 2];
  near[row] = TAKEN;
}

/// Which of two groups has the row that comes first; either may be NONE.
fn better(a: u32, b: u32) -> u32 {
  if (b == NONE || best[b * 3 + 1] == NONE) { return a; }
  if (a == NONE) { return b; }
  let first = best[b * 3 + 1] < best[a * 3 + 1];
  return select(a, b, best[b * 3] > best[a * 3] || (best[b * 3] == best[a * 3] && first));
}

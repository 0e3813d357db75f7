// The largest of keys over a workgroup, with where it was found. WORKGROUP_SIZE must be a power of two.

override WORKGROUP_SIZE: u32 = 256;

/// Key and place of nothing: below every key.
const NOTHING = vec2u(0u, 0xffffffffu);
const NOT_FINITE = 0xffffffffu;

var<workgroup> found: array<vec2u, WORKGROUP_SIZE>;

/// Of two (key, place) the one with the larger key, of equal keys the one with the lower place.
fn first_largest(a: vec2u, b: vec2u) -> vec2u {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y));
}

/// Returns the first of the largest over the workgroup, in every lane.
fn workgroup_first_largest(mine: vec2u, lane: u32) -> vec2u {
  found[lane] = mine;
  workgroupBarrier();
  for (var half = WORKGROUP_SIZE / 2; half > 0; half /= 2) {
    if (lane < half) { found[lane] = first_largest(found[lane], found[lane + half]); }
    workgroupBarrier();
  }
  return found[0];
}

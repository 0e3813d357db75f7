// rows = the n with gone[n] = 0 in ascending order, then NONE
//
// gone [B]   rows [B]. One workgroup: each lane counts a stretch of `gone`, the counts before a lane's are
// its place, and it writes its stretch. No atomics, one order.

override WORKGROUP_SIZE: u32 = 64;

const NONE = 0xffffffffu;

struct Params {
  B: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gone: array<u32>;
@group(0) @binding(2) var<storage, read_write> rows: array<u32>;

var<workgroup> counts: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  let stretch = (params.B + WORKGROUP_SIZE - 1) / WORKGROUP_SIZE;
  let begin = min(lane * stretch, params.B);
  let end = min(begin + stretch, params.B);
  var count = 0u;
  for (var n = begin; n < end; n++) { count += select(0u, 1u, gone[n] == 0); }
  counts[lane] = count;
  workgroupBarrier();
  var at = 0u;
  var total = 0u;
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    if (i == lane) { at = total; }
    total += counts[i];
  }
  for (var n = begin; n < end; n++) {
    if (gone[n] == 0) {
      rows[at] = n;
      at++;
    }
  }
  for (var n = max(begin, total); n < end; n++) { rows[n] = NONE; }
}

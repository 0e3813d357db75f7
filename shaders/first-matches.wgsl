// found[b,:] += the rows of a bank that mask[n,:,0] names, b = rows[n]; gone[b] = 1 if mask[n,:,1] names one
//
// rows [B], NONE from the first one on that is not there   mask [B, W, 2] of a bank's rows from row `base` on
// found [B, S]: how many were found, then the first of them in their order   gone [B].
// One invocation a row of the mask. It looks at no word after the first that holds a certain match: only the
// first match is wanted.

override WORKGROUP_SIZE: u32 = 64;

const NONE = 0xffffffffu;

struct Params {
  B: u32,
  W: u32,
  S: u32,
  base: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read_write> found: array<u32>;
@group(0) @binding(4) var<storage, read_write> gone: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_workgroup(group, groups) * WORKGROUP_SIZE + lane;
  if (n >= params.B || rows[n] == NONE) { return; }
  let b = rows[n];
  var count = found[b * params.S];
  for (var w = 0u; w < params.W; w++) {
    let at = (n * params.W + w) * 2;
    for (var bits = mask[at]; bits != 0; bits &= bits - 1) {
      count++;
      if (count < params.S) {
        found[b * params.S + count] = params.base + w * 32 + countTrailingZeros(bits);
      }
    }
    if (mask[at + 1] != 0) {
      gone[b] = 1;
      break;
    }
  }
  found[b * params.S] = count;
}

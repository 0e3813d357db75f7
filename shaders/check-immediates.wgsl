// seen = the parameters
//
// seen [N], N = 16: as many as travel with a dispatch. One invocation.

struct Params {
  N: u32,
  p1: u32,
  p2: u32,
  p3: u32,
  p4: u32,
  p5: u32,
  p6: u32,
  p7: u32,
  p8: u32,
  p9: u32,
  p10: u32,
  p11: u32,
  p12: u32,
  p13: u32,
  p14: u32,
  p15: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> seen: array<u32>;

@compute @workgroup_size(1)
fn main() {
  let all = array<u32, 16>(
    params.N, params.p1, params.p2, params.p3, params.p4, params.p5, params.p6, params.p7,
    params.p8, params.p9, params.p10, params.p11, params.p12, params.p13, params.p14, params.p15);
  for (var i = 0u; i < params.N; i++) { seen[i] = all[i]; }
}

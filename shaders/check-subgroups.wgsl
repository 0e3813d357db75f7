// seen[n] = (n's lane, lanes of its subgroup, 0, 0), and behind it what lanes 0 to 7 of its subgroup hand on, what the four
// of its quad do, and what it exchanges with them
//
// seen [N, 17], in fours. One workgroup of N = 128 invocations, the most that a subgroup has. A lane hands on four values
// that name its invocation. Joined with lib/subgroup-four.wgsl for 8 lanes; where there are fewer, the others hand on
// what nobody looks at.

struct Params {
  N: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> seen: array<vec4f>;

@compute @workgroup_size(128)
fn main(
  @builtin(local_invocation_index) n: u32,
  @builtin(subgroup_invocation_id) mine: u32,
  @builtin(subgroup_size) size: u32,
) {
  let own = f32(n) + vec4f(0.0, 128.0, 256.0, 384.0);
  let first = first_four(own);
  let last = last_four(own);
  let quad = of_quad(own);
  let others = exchanged(own);
  if (n >= params.N) { return; }
  seen[17 * n] = vec4f(f32(mine), f32(size), 0.0, 0.0);
  for (var i = 0u; i < 4; i++) {
    seen[17 * n + 1 + i] = first[i];
    seen[17 * n + 5 + i] = last[i];
    seen[17 * n + 9 + i] = quad[i];
    seen[17 * n + 13 + i] = others[i];
  }
}

// y[n] = Σ of 32 chains a ← a·factor + 1/2, each `rounds` long
//
// y [N]. One invocation per n, which keeps eight vectors of four in registers: nothing but fused multiply-adds, 64
// operations a round. `factor` is a parameter, so that no compiler can know the result.

struct Params {
  N: u32,
  rounds: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_workgroup(group, groups) * 64 + lane;
  if (n >= params.N) { return; }
  let factor = vec4f(params.factor);
  let half = vec4f(0.5);
  var a = vec4f(f32(n & 7u)) + vec4f(0.0, 0.25, 0.5, 0.75);
  var b = a + 1.0;
  var c = a + 2.0;
  var d = a + 3.0;
  var e = a + 4.0;
  var f = a + 5.0;
  var g = a + 6.0;
  var h = a + 7.0;
  for (var round = 0u; round < params.rounds; round++) {
    a = fma(a, factor, half);
    b = fma(b, factor, half);
    c = fma(c, factor, half);
    d = fma(d, factor, half);
    e = fma(e, factor, half);
    f = fma(f, factor, half);
    g = fma(g, factor, half);
    h = fma(h, factor, half);
  }
  y[n] = dot(a + b + c + d + e + f + g + h, vec4f(1.0));
}

// What score-head.wgsl computes, with its bindings, for at most eight scores and rows of a multiple of four values, by
// subgroups of SUBGROUP lanes, 4 or 8, whose loads cost many times as much as arithmetic: each lane loads a part of the
// scores' rows and hands it to the others. Two prompts a lane. SUBGROUP is joined as a module, with
// lib/subgroup-four.wgsl.

struct Params {
  N: u32,
  C: u32,
  K: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> h: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> score: array<f32>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) mine: u32,
) {
  let n = linear_workgroup(group, groups) * 64 + lane;
  let c4 = params.C / 4;
  let first = min(n, params.N - 1) * c4;
  let second = min(n + 32, params.N - 1) * c4;
  // Lanes beyond the last score have it again, and what comes of that is left out.
  let low = min(mine, params.K - 1) * c4;
  let high = min(4 + mine, params.K - 1) * c4;
  var first_low = vec4f(0.0);
  var first_high = vec4f(0.0);
  var second_low = vec4f(0.0);
  var second_high = vec4f(0.0);
  for (var c = 0u; c < c4; c++) {
    let part = w[low + c];
    var rest = part;
    if (SUBGROUP == 4) { rest = w[high + c]; }
    let lows = first_four(part);
    let highs = last_four(rest);
    first_low += h[first + c] * lows;
    first_high += h[first + c] * highs;
    second_low += h[second + c] * lows;
    second_high += h[second + c] * highs;
  }
  store(n, first_low, first_high);
  store(n + 32, second_low, second_high);
}

/// The expected score of a prompt with the logits of the scores 1 to 4 and 5 to 8.
fn store(n: u32, low: vec4f, high: vec4f) {
  if (n >= params.N) { return; }
  let scores = vec4f(1.0, 2.0, 3.0, 4.0);
  let z = select(vec4f(-1e30), low, scores <= vec4f(f32(params.K)));
  let y = select(vec4f(-1e30), high, scores + 4.0 <= vec4f(f32(params.K)));
  let most = max(max(max(z.x, z.y), max(z.z, z.w)), max(max(y.x, y.y), max(y.z, y.w)));
  let e = exp(z - most);
  let f = exp(y - most);
  score[n] = (dot(e, scores) + dot(f, scores + 4.0)) / (dot(e, vec4f(1.0)) + dot(f, vec4f(1.0)));
}

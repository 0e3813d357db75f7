// h[n] = beta * (sum_t weight * (policy - reference) over the chosen answer - the same over the rejected one)
// g[r] = scale * slope(h) * beta * (+-weight[r]): the gradient of scale * sum_n value(h[n]) by policy[r]
// stats[n] = value(h), h, and sums over all tokens: policy chosen, policy rejected, log-ratio chosen, rejected
//
// policy, reference, weight, g [R]: one token each   spans [N, 4]: begin and end of the chosen answer's tokens,
// begin and end of the rejected one's   scale [1]   stats [N, 6]. g keeps its value where no span is.
// One workgroup per pair. value and slope come from shaders/losses/<name>.wgsl.

struct Params {
  N: u32,
  beta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> policy: array<f32>;
@group(0) @binding(2) var<storage, read> reference: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> spans: array<u32>;
@group(0) @binding(5) var<storage, read> scale: array<f32>;
@group(0) @binding(6) var<storage, read_write> g: array<f32>;
@group(0) @binding(7) var<storage, read_write> stats: array<f32>;

/// Sums over some tokens of one answer.
struct Sums {
  policy: f32,
  ratio: f32,
  weighted: f32,
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.x;
  let chosen = sum_span(spans[n * 4], spans[n * 4 + 1], lane);
  let rejected = sum_span(spans[n * 4 + 2], spans[n * 4 + 3], lane);
  let h = params.beta * (chosen.weighted - rejected.weighted);

  let dh = scale[0] * slope(h) * params.beta;
  for (var r = spans[n * 4] + lane; r < spans[n * 4 + 1]; r += WORKGROUP_SIZE) { g[r] = dh * weight[r]; }
  for (var r = spans[n * 4 + 2] + lane; r < spans[n * 4 + 3]; r += WORKGROUP_SIZE) { g[r] = -dh * weight[r]; }

  if (lane == 0) {
    stats[n * 6] = value(h);
    stats[n * 6 + 1] = h;
    stats[n * 6 + 2] = chosen.policy;
    stats[n * 6 + 3] = rejected.policy;
    stats[n * 6 + 4] = chosen.ratio;
    stats[n * 6 + 5] = rejected.ratio;
  }
}

fn sum_span(begin: u32, end: u32, lane: u32) -> Sums {
  var mine = Sums(0.0, 0.0, 0.0);
  for (var r = begin + lane; r < end; r += WORKGROUP_SIZE) {
    let ratio = policy[r] - reference[r];
    mine.policy += policy[r];
    mine.ratio += ratio;
    mine.weighted += weight[r] * ratio;
  }
  return Sums(workgroup_sum(mine.policy, lane), workgroup_sum(mine.ratio, lane), workgroup_sum(mine.weighted, lane));
}

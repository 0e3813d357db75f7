// values[n] = N / K * -log sigmoid(b * m[n]) for the K pairs of the batch that are drawn, 0 for the others
// slopes[2n], slopes[2n + 1]: its slopes by the policy's sums, b held fixed
//
// m[n] = chosen ratio - rejected ratio
// state = (mu, sigma, steps): mu <- momentum mu + (1 - momentum) mean m, and sigma likewise with their deviation over
// N - 1. Drawn without replacement in proportion to exp(-((m - mu) / sigma)^2 / 2): the K largest of that exponent
// plus Gumbel noise from (seed, steps, n). b = max(0.001, beta (1 + gain (mean of the drawn m - mu))).
//
// sums [S, 2]: of policy log-probs and log-ratios, from sequence-sums; S = 2N, chosen and rejected in turn
// state [3]   values [N]   slopes [S]. One workgroup; ranks are counted, N^2 in all.

struct Params {
  N: u32,
  beta: f32,
  gain: f32,
  momentum: f32,
  drawn: u32,
  seed: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;
@group(0) @binding(4) var<storage, read_write> slopes: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  let N = params.N;
  var mine = 0.0;
  for (var n = lane; n < N; n += WORKGROUP_SIZE) { mine += margin_of(n); }
  let mean = workgroup_sum(mine, lane) / f32(N);
  mine = 0.0;
  for (var n = lane; n < N; n += WORKGROUP_SIZE) { mine += pow2(margin_of(n) - mean); }
  let deviation = sqrt(workgroup_sum(mine, lane) / max(f32(N) - 1.0, 1.0));
  let mu = mix(mean, state[0], params.momentum);
  let sigma = mix(deviation, state[1], params.momentum);
  let steps = state[2];

  for (var n = lane; n < N; n += WORKGROUP_SIZE) {
    let hash = counter_hash(counter_hash(counter_hash(0u, params.seed), u32(steps)), n);
    // Above 0 and below 1, and exactly so in f32.
    let uniform_draw = (f32(hash >> 9) + 0.5) / 8388608.0;
    let away = margin_of(n) - mu;
    // Where sigma is 0, only a margin that is mu has any weight; the others come after those.
    let weight = select(select(-1e30, 0.0, away == 0.0), max(-0.5 * pow2(away / sigma), -1e30), sigma > 0.0);
    values[n] = weight - log(max(-log(uniform_draw), 1e-10));
  }
  storageBarrier();
  mine = 0.0;
  for (var n = lane; n < N; n += WORKGROUP_SIZE) {
    var larger = 0u;
    for (var i = 0u; i < N; i++) {
      if (values[i] > values[n] || (values[i] == values[n] && i < n)) { larger++; }
    }
    let kept = larger < params.drawn;
    // 1 for the drawn, until the slopes themselves are written.
    slopes[n] = select(0.0, 1.0, kept);
    mine += select(0.0, margin_of(n), kept);
  }
  storageBarrier();
  let drawn = f32(params.drawn);
  let b = max(0.001, params.beta * (1.0 + params.gain * (workgroup_sum(mine, lane) / drawn - mu)));
  for (var n = lane; n < N; n += WORKGROUP_SIZE) {
    values[n] = slopes[n] * f32(N) / drawn * neg_log_sigmoid(b * margin_of(n));
  }
  storageBarrier();
  for (var n = lane; n < N; n += WORKGROUP_SIZE) {
    // Where the loss of a drawn pair is 0, its slope is as well.
    let factor = select(0.0, f32(N) / drawn, values[n] > 0.0);
    let slope = factor * b * neg_log_sigmoid_slope(b * margin_of(n));
    slopes[n * 2] = slope;
    slopes[n * 2 + 1] = -slope;
  }
  if (lane == 0) {
    state[0] = mu;
    state[1] = sigma;
    state[2] = steps + 1.0;
  }
}

fn margin_of(n: u32) -> f32 { return sums[n * 4 + 1] - sums[n * 4 + 3]; }

fn pow2(x: f32) -> f32 { return x * x; }

// values[n] = kept * -log sigmoid(h) + flipped * -log sigmoid(-h)
// h = beta * (chosen ratio n - the rejected ratio of the same rank in the batch)
// slopes[2n], slopes[2n + 1]: slopes of sum_n values[n] by the policy's sums
//
// sums [S, 2]: of policy log-probs and log-ratios, from sequence-sums; S = 2N, chosen and rejected in turn
// sorted [2, N]: chosen and rejected ratios, sorted; scratch   values [N]   slopes [S]
// Equal ratios rank in the batch's order. One workgroup; ranks are counted, N^2 in all.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  N: u32,
  beta: f32,
  kept: f32,
  flipped: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> sorted: array<f32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;
@group(0) @binding(4) var<storage, read_write> slopes: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  let N = params.N;
  for (var s = lane; s < 2 * N; s += WORKGROUP_SIZE) { sorted[(s % 2) * N + rank(s)] = sums[s * 2 + 1]; }
  storageBarrier();
  for (var s = lane; s < 2 * N; s += WORKGROUP_SIZE) {
    let r = rank(s);
    let h = params.beta * (sorted[r] - sorted[N + r]);
    let slope = params.beta * smoothed_slope(h, params.kept, params.flipped);
    slopes[s] = select(-slope, slope, s % 2 == 0);
    if (s % 2 == 0) { values[s / 2] = smoothed(h, params.kept, params.flipped); }
  }
}

/// How many answers of the same side come before answer `s`.
fn rank(s: u32) -> u32 {
  let mine = sums[s * 2 + 1];
  var before = 0u;
  for (var i = s % 2; i < 2 * params.N; i += 2) {
    let other = sums[i * 2 + 1];
    if (other < mine || (other == mine && i < s)) { before++; }
  }
  return before;
}

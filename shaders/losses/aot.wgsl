// values[n] = kept * -log sigmoid(h) + flipped * -log sigmoid(-h)
// h = beta * (m[n] - the reference's margin of the same rank in the batch as m[n] among the model's),
// m[n] = sum of the chosen answer's log-probs - sum of the rejected one's
// slopes[2n], slopes[2n + 1]: its slopes by the policy's sums
//
// sums [S, 2]: of policy log-probs and log-ratios, from sequence-sums; S = 2N, chosen and rejected in turn
// values [N]   slopes [S]. Equal margins rank in the batch's order. One workgroup; ranks are counted, N^2 in all.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  N: u32,
  beta: f32,
  kept: f32,
  flipped: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> slopes: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  // The reference's margins, sorted: in `slopes`, until the slopes themselves are written.
  for (var n = lane; n < params.N; n += WORKGROUP_SIZE) {
    var rank = 0u;
    let mine = reference_margin(n);
    for (var i = 0u; i < params.N; i++) {
      let other = reference_margin(i);
      if (other < mine || (other == mine && i < n)) { rank++; }
    }
    slopes[rank] = mine;
  }
  storageBarrier();
  for (var n = lane; n < params.N; n += WORKGROUP_SIZE) {
    var rank = 0u;
    let mine = model_margin(n);
    for (var i = 0u; i < params.N; i++) {
      let other = model_margin(i);
      if (other < mine || (other == mine && i < n)) { rank++; }
    }
    values[n] = params.beta * (mine - slopes[rank]);
  }
  storageBarrier();
  for (var n = lane; n < params.N; n += WORKGROUP_SIZE) {
    let h = values[n];
    let slope = params.beta * smoothed_slope(h, params.kept, params.flipped);
    values[n] = smoothed(h, params.kept, params.flipped);
    slopes[n * 2] = slope;
    slopes[n * 2 + 1] = -slope;
  }
}

fn model_margin(n: u32) -> f32 { return sums[n * 4] - sums[n * 4 + 2]; }

fn reference_margin(n: u32) -> f32 {
  return (sums[n * 4] - sums[n * 4 + 1]) - (sums[n * 4 + 2] - sums[n * 4 + 3]);
}

// values[n], slopes[2n], slopes[2n + 1] = loss(chosen, rejected): a pair's loss, and its slopes by the policy's sums
//
// sums [S, 2]: of policy log-probs and log-ratios, from sequence-sums   lengths [S]   values [N]   slopes [S]
// S = 2N: the chosen and the rejected answer of each pair in turn. struct Params and loss come from
// shaders/losses/<name>.wgsl. One invocation per pair.

/// One answer: weighted sums over its tokens, in nats, and its length in tokens.
struct Side {
  policy: f32,
  ratio: f32,
  length: f32,
}

/// A pair's loss, and its slopes by the chosen and the rejected answer's `policy`; `ratio` moves with it.
struct PairLoss {
  value: f32,
  chosen: f32,
  rejected: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> lengths: array<f32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;
@group(0) @binding(4) var<storage, read_write> slopes: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= params.N) { return; }
  let pair = loss(side(n * 2), side(n * 2 + 1));
  values[n] = pair.value;
  slopes[n * 2] = pair.chosen;
  slopes[n * 2 + 1] = pair.rejected;
}

fn side(s: u32) -> Side {
  return Side(sums[s * 2], sums[s * 2 + 1], lengths[s]);
}

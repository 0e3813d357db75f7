// lse[r] = log sum_v exp z[r,v], from the parts in their order;  log_prob[r] = picked[r] - lse[r]
//
// part [Q, R, 2]: maximum and sum of exponentials   picked, log_prob, lse [R]. One invocation per row.

struct Params {
  R: u32,
  Q: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> part: array<f32>;
@group(0) @binding(2) var<storage, read> picked: array<f32>;
@group(0) @binding(3) var<storage, read_write> log_prob: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let r = id.x;
  if (r >= params.R) { return; }
  var most = -1e30;
  var total = 0.0;
  for (var p = 0u; p < params.Q; p++) {
    let m = part[(p * params.R + r) * 2];
    let s = part[(p * params.R + r) * 2 + 1];
    let more = max(most, m);
    total = total * exp(most - more) + s * exp(m - more);
    most = more;
  }
  let normalizer = most + log(total);
  lse[r] = normalizer;
  // Not picked - lse: large logits would round their difference away.
  log_prob[r] = (picked[r] - most) - log(total);
}

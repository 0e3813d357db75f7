// lse[r] = log sum_v exp z[r,v], from the parts in their order;  log_prob[r] = picked[r] - lse[r]
// tokens[r] = (entropy, log sum_v p^2, mean_v z, whether the target has the largest logit) with p = exp(z - lse)
//
// part [Q, R, 5]: m, sums of e, e^2, (z - m) e and z, with e = exp(z - m)   picked, log_prob, lse [R]   tokens [R, 4]
// V logits a row. One invocation per row.

struct Params {
  R: u32,
  Q: u32,
  V: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> part: array<f32>;
@group(0) @binding(2) var<storage, read> picked: array<f32>;
@group(0) @binding(3) var<storage, read_write> log_prob: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> tokens: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let r = id.x;
  if (r >= params.R) { return; }
  // The first part has rows of w, so that its maximum is one of a logit.
  var most = part[r * 5];
  var total = 0.0;
  var squares = 0.0;
  var moment = 0.0;
  var plain = 0.0;
  for (var p = 0u; p < params.Q; p++) {
    let at = (p * params.R + r) * 5;
    let more = max(most, part[at]);
    let old = exp(most - more);
    let fresh = exp(part[at] - more);
    moment = (moment + (most - more) * total) * old;
    // A part without rows has no sums, and a maximum so low that its product with them would not be 0.
    if (part[at + 1] > 0.0) { moment += (part[at + 3] + (part[at] - more) * part[at + 1]) * fresh; }
    total = total * old + part[at + 1] * fresh;
    squares = squares * old * old + part[at + 2] * fresh * fresh;
    plain += part[at + 4];
    most = more;
  }
  lse[r] = most + log(total);
  // Not picked - lse: large logits would round their difference away.
  log_prob[r] = (picked[r] - most) - log(total);
  let entropy = log(total) - moment / total;
  let hit = select(0.0, 1.0, picked[r] >= most);
  tokens[r] = vec4f(entropy, log(squares) - 2.0 * log(total), plain / f32(params.V), hit);
}

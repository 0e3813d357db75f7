// values[n] = desirable * (1 - sigmoid(beta * (ratio - kl)))  where labels[n] is 1
// values[n] = undesirable * sigmoid(beta * (ratio - kl))      where it is 0;  kl counts as 0 where it is below
// slopes[n]: their slope by the policy's sum
//
// sums [N, 2]: of policy log-probs and log-ratios, from sequence-sums   labels [N]   kl [1]   values, slopes [N]
// One invocation per answer.

struct Params {
  N: u32,
  beta: f32,
  desirable: f32,
  undesirable: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<f32>;
@group(0) @binding(3) var<storage, read> kl: array<f32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> slopes: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= params.N) { return; }
  let h = params.beta * (sums[n * 2 + 1] - max(kl[0], 0.0));
  let good = labels[n] > 0.0;
  let weight = select(params.undesirable, params.desirable, good);
  let sign = select(1.0, -1.0, good);
  values[n] = weight * logistic(sign * h);
  slopes[n] = sign * weight * params.beta * logistic_slope(h);
}

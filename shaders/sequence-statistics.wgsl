// statistics[s]: what is reported of sequence s, over its rows r with weights[r] = (a, b)
//   0  sum a policy            1  sum (a policy - b reference)
//   and over the counted rows alone, those with a != 0 or b != 0:
//   2  how many they are       3  sum of entropies       4  sum of mean logits
//   5  how many targets have the largest logit           6  sum (policy - log sum_v p_v^2)     7  sum policy
//
// policy, reference [R]   weights [R, 2]   spans [S, 2]: begin and end of each sequence's rows
// tokens [R, 4]: entropy, log sum p^2, mean logit, hit, from linear-log-prob   statistics [S, 8]
// One workgroup per sequence.

struct Params {
  S: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> policy: array<f32>;
@group(0) @binding(2) var<storage, read> reference: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> spans: array<u32>;
@group(0) @binding(5) var<storage, read> tokens: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> statistics: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s = group.x;
  var sums = array<f32, 8>();
  for (var r = spans[s * 2] + lane; r < spans[s * 2 + 1]; r += WORKGROUP_SIZE) {
    let a = weights[r * 2];
    let b = weights[r * 2 + 1];
    if (a == 0.0 && b == 0.0) { continue; }
    sums[0] += a * policy[r];
    sums[1] += a * policy[r] - b * reference[r];
    sums[2] += 1.0;
    sums[3] += tokens[r].x;
    sums[4] += tokens[r].z;
    sums[5] += tokens[r].w;
    sums[6] += policy[r] - tokens[r].y;
    sums[7] += policy[r];
  }
  for (var k = 0u; k < 8; k++) {
    let total = workgroup_sum(sums[k], lane);
    if (lane == 0) { statistics[s * 8 + k] = total; }
  }
}

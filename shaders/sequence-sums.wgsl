// sums[s] = (sum_r a[r] policy[r],  sum_r (a[r] policy[r] - b[r] reference[r])) over the rows r of sequence s,
// weights[r] = (a, b)
//
// policy, reference [R]   weights [R, 2]   spans [S, 2]: begin and end of each sequence's rows   sums [S, 2]
// Policy and reference are subtracted token by token: their sums are large, and alike. One workgroup per sequence.

struct Params {
  S: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> policy: array<f32>;
@group(0) @binding(2) var<storage, read> reference: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> spans: array<u32>;
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s = group.x;
  var logp = 0.0;
  var ratio = 0.0;
  for (var r = spans[s * 2] + lane; r < spans[s * 2 + 1]; r += WORKGROUP_SIZE) {
    let mine = weights[r * 2] * policy[r];
    logp += mine;
    ratio += mine - weights[r * 2 + 1] * reference[r];
  }
  let total = workgroup_sum(logp, lane);
  let difference = workgroup_sum(ratio, lane);
  if (lane == 0) {
    sums[s * 2] = total;
    sums[s * 2 + 1] = difference;
  }
}

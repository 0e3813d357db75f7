// gradient[r] += w[n] * unweighted[r] for the rows r of both answers of pair n,  values[n] *= w[n]
// w[n] = exp(mean of log p - log sum_v p_v^2 over the chosen answer's tokens + the same over the rejected one's)
//
// statistics [S, 8]: column 2 has how many tokens count, 6 the sums of log p - log sum p^2; from sequence-statistics
// spans [S, 2]: begin and end of each sequence's rows; S = 2N, chosen and rejected in turn   unweighted, gradient [R]
// values [N]. The weights are held fixed. One workgroup per pair; no row belongs to two.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  N: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> spans: array<u32>;
@group(0) @binding(3) var<storage, read> unweighted: array<f32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.x;
  let weight = exp(mean_aligned(n * 2) + mean_aligned(n * 2 + 1));
  if (lane == 0) { values[n] *= weight; }
  for (var s = n * 2; s < n * 2 + 2; s++) {
    for (var r = spans[s * 2] + lane; r < spans[s * 2 + 1]; r += WORKGROUP_SIZE) {
      gradient[r] += weight * unweighted[r];
    }
  }
}

fn mean_aligned(s: u32) -> f32 { return statistics[s * 8 + 6] / max(statistics[s * 8 + 2], 1.0); }

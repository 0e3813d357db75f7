// values[n] = sum_r weights[r, 0] * value(policy[r]) over the rows r of sequence stride * n
// gradient[r] += scale * weights[r, 0] * slope(policy[r])
//
// policy [R]   weights [R, 2]   spans [S, 2]: begin and end of each sequence's rows   scale [1]   values [N]
// gradient [R]   S = stride * N. value and slope come from shaders/losses/<name>.wgsl. One workgroup per example.

struct Params {
  N: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> policy: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> spans: array<u32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> values: array<f32>;
@group(0) @binding(6) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.x;
  let s = n * params.stride;
  var mine = 0.0;
  for (var r = spans[s * 2] + lane; r < spans[s * 2 + 1]; r += WORKGROUP_SIZE) {
    let weight = weights[r * 2];
    mine += weight * value(policy[r]);
    gradient[r] += scale[0] * weight * slope(policy[r]);
  }
  let total = workgroup_sum(mine, lane);
  if (lane == 0) { values[n] = total; }
}

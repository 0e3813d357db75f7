// gradient[r] += scale * slopes[s] * weights[r, 0]  for each row r of each sequence s
//
// slopes [S]: slope of the loss by the sequence's weighted sum   weights [R, 2]   spans [S, 2]: begin and end of each
// sequence's rows   scale [1]   gradient [R]. One workgroup per sequence; no row belongs to two.

override WORKGROUP_SIZE: u32 = 64;

struct Params {
  S: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> slopes: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> spans: array<u32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s = group.x;
  let slope = scale[0] * slopes[s];
  for (var r = spans[s * 2] + lane; r < spans[s * 2 + 1]; r += WORKGROUP_SIZE) {
    gradient[r] += slope * weights[r * 2];
  }
}

// score[b] = sum_k (k + 1) * p[b,k],  p[b] = softmax over k of x[b, positions[b], ids[k]]
//
// x [B, T, V]: logits   positions [B]: where each prompt ends   ids [K]: tokens of the scores 1..K
// score [B]. One invocation per prompt; no other logit is read.

struct Params {
  B: u32,
  T: u32,
  V: u32,
  K: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> score: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  if (b >= params.B) { return; }
  let at = (b * params.T + positions[b]) * params.V;
  var most = x[at + ids[0]];
  for (var k = 1u; k < params.K; k++) { most = max(most, x[at + ids[k]]); }
  var total = 0.0;
  var weighted = 0.0;
  for (var k = 0u; k < params.K; k++) {
    let e = exp(x[at + ids[k]] - most);
    total += e;
    weighted += f32(k + 1) * e;
  }
  score[b] = weighted / total;
}

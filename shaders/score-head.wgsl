// score[n] = sum_k (k + 1) * p[n,k],  p[n] = softmax over k of h[n] . w[k]
//
// h [N, C]: last hidden state of each prompt   w [K, C]: rows of the output projection for the scores 1..K
// score [N]. One invocation per prompt; no other logit is computed.

struct Params {
  N: u32,
  C: u32,
  K: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> h: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> score: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= params.N) { return; }
  var most = -1e30;
  var total = 0.0;
  var weighted = 0.0;
  for (var k = 0u; k < params.K; k++) {
    var z = 0.0;
    for (var c = 0u; c < params.C; c++) { z += h[n * params.C + c] * w[k * params.C + c]; }
    let more = max(most, z);
    let shrink = exp(most - more);
    let e = exp(z - more);
    total = total * shrink + e;
    weighted = weighted * shrink + f32(k + 1) * e;
    most = more;
  }
  score[n] = weighted / total;
}

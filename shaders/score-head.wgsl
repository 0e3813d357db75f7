// score[n] = sum_k (k + 1) * p[n,k],  p[n] = softmax over k of h[n] . w[k]
//
// h [N, C]: last hidden state of each prompt   w [K, C]: rows of the output projection for the scores 1..K
// score [N]. One workgroup per ROWS prompts; the LANES lanes of a prompt stride over its Values, for four scores at a
// time. No other logit is computed.

override LANES: u32 = 32;
override ROWS: u32 = 4;

struct Params {
  N: u32,
  C: u32,
  K: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> h: array<Value>;
@group(0) @binding(2) var<storage, read> w: array<Value>;
@group(0) @binding(3) var<storage, read_write> score: array<f32>;

var<workgroup> lane_sums: array<vec4f, LANES * ROWS>;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let n = linear_workgroup(group, groups) * ROWS + local.y;
  let width = params.C / WIDTH;
  // A prompt that is not there has no values: all lanes must reach the barriers.
  let end = select(0u, width, n < params.N);
  var most = -1e30;
  var whole = 0.0;
  var weighted = 0.0;
  for (var k = 0u; k < params.K; k += 4) {
    let rows = min(vec4u(k) + vec4u(0, 1, 2, 3), vec4u(params.K - 1)) * width;
    var sums = vec4f(0.0);
    for (var c = local.x; c < end; c += LANES) {
      let x = h[n * width + c];
      sums += vec4f(total(x * w[rows.x + c]), total(x * w[rows.y + c]), total(x * w[rows.z + c]), total(x * w[rows.w + c]));
    }
    workgroupBarrier();
    lane_sums[local.y * LANES + local.x] = sums;
    workgroupBarrier();
    var z = vec4f(0.0);
    for (var i = 0u; i < LANES; i++) { z += lane_sums[local.y * LANES + i]; }
    for (var j = 0u; j < 4 && k + j < params.K; j++) {
      let more = max(most, z[j]);
      let shrink = exp(most - more);
      let e = exp(z[j] - more);
      whole = whole * shrink + e;
      weighted = weighted * shrink + f32(k + j + 1) * e;
      most = more;
    }
  }
  if (local.x == 0 && n < params.N) { score[n] = weighted / whole; }
}

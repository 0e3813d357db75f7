// dq[t,h] = scale * sum_s ds[t,h,s] k[s,g],  ds = p * (do[t,h] . v[s,g] - delta[t,h])  (+ dq if accumulate)
//
// q, dout, dq [T, H, D]   k, v [S, G, D]   ranges [T, 4]   stats [2, H, T]: log sum exp, then delta.
// p is computed again from the scores and their log sum exp. Invocations as in attention-forward.

struct Params {
  T: u32,
  H: u32,
  G: u32,
  scale: f32,
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> dout: array<vec4f>;
@group(0) @binding(5) var<storage, read> ranges: array<u32>;
@group(0) @binding(6) var<storage, read> stats: array<f32>;
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let t0 = group.x * 32;
  let t = min(t0 + lane, params.T - 1);
  let h = group.y;
  let g = h / (params.H / params.G);
  let first = ranges[t * 4];
  let last = ranges[t * 4 + 1];
  let begin = ranges[t0 * 4];
  let end = ranges[min(t0 + 31, params.T - 1) * 4 + 1];
  let lse = stats[h * params.T + t];
  let delta = stats[(params.H + h) * params.T + t];

  let mine = (t * params.H + h) * HEAD;
  var query: array<vec4f, HEAD>;
  var upstream: array<vec4f, HEAD>;
  var sum: array<vec4f, HEAD>;
  for (var d = 0u; d < HEAD; d++) {
    query[d] = params.scale * q[mine + d];
    upstream[d] = dout[mine + d];
  }

  for (var s = begin; s <= end; s++) {
    let row = (s * params.G + g) * HEAD;
    var dots = vec4f(0.0);
    var dps = vec4f(0.0);
    for (var d = 0u; d < HEAD; d++) {
      dots = fma(query[d], k[row + d], dots);
      dps = fma(upstream[d], v[row + d], dps);
    }
    let visible = s >= first && s <= last;
    let score = dots.x + dots.y + dots.z + dots.w;
    let p = select(0.0, exp(min(score - lse, 0.0)), visible);
    let ds = p * (dps.x + dps.y + dps.z + dps.w - delta);
    for (var d = 0u; d < HEAD; d++) { sum[d] = fma(vec4f(ds), k[row + d], sum[d]); }
  }

  if (t0 + lane >= params.T) { return; }
  for (var d = 0u; d < HEAD; d++) {
    dq[mine + d] = params.scale * sum[d] + select(vec4f(0.0), dq[mine + d], params.accumulate == 1);
  }
}

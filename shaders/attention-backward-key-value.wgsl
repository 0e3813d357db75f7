// dv[s,g] = sum_{t, h of g} p[t,h,s] do[t,h]
// dk[s,g] = scale * sum_{t, h of g} ds[t,h,s] q[t,h],  ds = p * (do[t,h] . v[s,g] - delta[t,h])
// Both (+ what is there if accumulate).
//
// q, dout [T, H, D]   k, v, dk, dv [T, G, D]   stats [2, H, T]: log sum exp, then delta.
// ranges [T, 4]: first and last key of query t, first and last query of key t. All grow with t.
//
// One invocation per key and key-value head, which walks its queries and, within them, the heads of its
// group: grouped heads need no atomics. A workgroup's keys walk the queries together.

struct Params {
  T: u32,
  H: u32,
  G: u32,
  scale: f32,
  accumulate_k: u32,
  accumulate_v: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> dout: array<vec4f>;
@group(0) @binding(5) var<storage, read> ranges: array<u32>;
@group(0) @binding(6) var<storage, read> stats: array<f32>;
@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s0 = group.x * 32;
  let s = min(s0 + lane, params.T - 1);
  let g = group.y;
  let heads = params.H / params.G;
  let begin = ranges[s0 * 4 + 2];
  let end = ranges[min(s0 + 31, params.T - 1) * 4 + 3];

  let mine = (s * params.G + g) * HEAD;
  var key: array<vec4f, HEAD>;
  var value: array<vec4f, HEAD>;
  var dkey: array<vec4f, HEAD>;
  var dvalue: array<vec4f, HEAD>;
  for (var d = 0u; d < HEAD; d++) {
    key[d] = params.scale * k[mine + d];
    value[d] = v[mine + d];
  }

  for (var t = begin; t <= end; t++) {
    let visible = s >= ranges[t * 4] && s <= ranges[t * 4 + 1];
    for (var h = g * heads; h < (g + 1) * heads; h++) {
      let row = (t * params.H + h) * HEAD;
      var dots = vec4f(0.0);
      var dps = vec4f(0.0);
      for (var d = 0u; d < HEAD; d++) {
        dots = fma(key[d], q[row + d], dots);
        dps = fma(value[d], dout[row + d], dps);
      }
      let score = dots.x + dots.y + dots.z + dots.w;
      let p = select(0.0, exp(min(score - stats[h * params.T + t], 0.0)), visible);
      let ds = p * (dps.x + dps.y + dps.z + dps.w - stats[(params.H + h) * params.T + t]);
      for (var d = 0u; d < HEAD; d++) {
        dkey[d] = fma(vec4f(ds), q[row + d], dkey[d]);
        dvalue[d] = fma(vec4f(p), dout[row + d], dvalue[d]);
      }
    }
  }

  if (s0 + lane >= params.T) { return; }
  for (var d = 0u; d < HEAD; d++) {
    dk[mine + d] = params.scale * dkey[d] + select(vec4f(0.0), dk[mine + d], params.accumulate_k == 1);
    dv[mine + d] = dvalue[d] + select(vec4f(0.0), dv[mine + d], params.accumulate_v == 1);
  }
}

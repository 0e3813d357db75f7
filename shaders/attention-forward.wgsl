// o[t,h] = sum_s p[t,h,s] v[s,g],  p = softmax over s of scale * q[t,h] . k[s,g],  first[t] <= s <= last[t]
//
// q, o [T, H, D]   k, v [S, G, D]: head h reads key-value head g = h / (H / G).
// ranges [T, 4]: first and last key of query t (two more for the backward pass). Both grow with t.
// stats [2, H, T]: stats[0] receives log sum exp of the scaled scores, for the backward pass.
//
// One invocation per query and head; a workgroup's queries walk the keys together, so every key is read once
// for all of them. Softmax is online: no score is stored. HEAD = D / 4 is joined as a module.

struct Params {
  T: u32,
  H: u32,
  G: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> ranges: array<u32>;
@group(0) @binding(5) var<storage, read_write> o: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> stats: array<f32>;

const NEVER = -1e30;

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

  let mine = (t * params.H + h) * HEAD;
  var query: array<vec4f, HEAD>;
  var sum: array<vec4f, HEAD>;
  for (var d = 0u; d < HEAD; d++) { query[d] = params.scale * q[mine + d]; }

  var most = NEVER;
  var total = 0.0;
  for (var s = begin; s <= end; s++) {
    let row = (s * params.G + g) * HEAD;
    var dots = vec4f(0.0);
    for (var d = 0u; d < HEAD; d++) { dots = fma(query[d], k[row + d], dots); }
    let visible = s >= first && s <= last;
    let score = select(NEVER, dots.x + dots.y + dots.z + dots.w, visible);
    if (score > most) {
      let shrink = exp(most - score);
      total *= shrink;
      for (var d = 0u; d < HEAD; d++) { sum[d] *= shrink; }
      most = score;
    }
    let p = select(0.0, exp(score - most), visible);
    total += p;
    for (var d = 0u; d < HEAD; d++) { sum[d] = fma(vec4f(p), v[row + d], sum[d]); }
  }

  if (t0 + lane >= params.T) { return; }
  for (var d = 0u; d < HEAD; d++) { o[mine + d] = sum[d] / total; }
  stats[h * params.T + t] = most + log(total);
}

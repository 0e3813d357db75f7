// What attention-forward.wgsl computes, with its bindings, by subgroups of SUBGROUP lanes, 4 or 8, whose loads cost many
// times as much as arithmetic: four keys at a time, each lane loads a part of them and hands it to the others. With 8
// lanes the first four have the first half of four keys, the others the second.
// HEAD = D / 4 and SUBGROUP are joined as modules; with 4 lanes loops to HEAD and PART may be written out.

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
/// Values, four each, that a lane loads of a key.
const PART = HEAD * 4 / SUBGROUP;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) mine: u32,
) {
  let t0 = group.x * 32;
  let t = min(t0 + lane, params.T - 1);
  let h = group.y;
  let g = h / (params.H / params.G);
  let first = ranges[t * 4];
  let last = ranges[t * 4 + 1];
  let begin = ranges[t0 * 4];
  let end = ranges[min(t0 + 31, params.T - 1) * 4 + 1];

  let own = (t * params.H + h) * HEAD;
  let mine_key = mine % 4;
  let mine_part = mine / 4 * PART;
  var query: array<vec4f, HEAD>;
  var sum: array<vec4f, HEAD>;
  for (var d = 0u; d < HEAD; d++) { query[d] = params.scale * q[own + d]; }

  var most = NEVER;
  var total = 0.0;
  for (var s = begin; s <= end; s += 4) {
    let row = (min(s + mine_key, end) * params.G + g) * HEAD + mine_part;
    var score = vec4f(0.0);
    for (var d = 0u; d < PART; d++) {
      let part = k[row + d];
      score += query[d] * first_four(part);
      if (SUBGROUP == 8) {
        score += query[HEAD - PART + d] * last_four(part);
      }
    }
    let keys = vec4u(s) + vec4u(0, 1, 2, 3);
    let visible = (keys >= vec4u(first)) & (keys <= vec4u(last));
    score = select(vec4f(NEVER), score, visible);
    // The largest score up to each key, as if the keys came one by one: so a query's result does not depend on which
    // four keys come together, and a packed sequence's is the same to the bit wherever it lies.
    let m0 = max(most, score.x);
    let m1 = max(m0, score.y);
    let m2 = max(m1, score.z);
    let m3 = max(m2, score.w);
    let shrink = exp(vec4f(most, m0, m1, m2) - vec4f(m0, m1, m2, m3));
    let p = select(vec4f(0.0), exp(score - vec4f(m0, m1, m2, m3)), visible);
    most = m3;
    total = fma(fma(fma(fma(total, shrink.x, p.x), shrink.y, p.y), shrink.z, p.z), shrink.w, p.w);
    for (var d = 0u; d < PART; d++) {
      let part = v[row + d];
      sum[d] = weighted(sum[d], first_four(part), shrink, p);
      if (SUBGROUP == 8) { sum[HEAD - PART + d] = weighted(sum[HEAD - PART + d], last_four(part), shrink, p); }
    }
  }

  if (t0 + lane >= params.T) { return; }
  for (var d = 0u; d < HEAD; d++) { o[own + d] = sum[d] / total; }
  stats[h * params.T + t] = most + log(total);
}

/// What a sum over keys becomes with four more values.
fn weighted(sum: vec4f, values: mat4x4f, shrink: vec4f, p: vec4f) -> vec4f {
  let one = fma(vec4f(p.x), values[0], sum * shrink.x);
  let two = fma(vec4f(p.y), values[1], one * shrink.y);
  let three = fma(vec4f(p.z), values[2], two * shrink.z);
  return fma(vec4f(p.w), values[3], three * shrink.w);
}

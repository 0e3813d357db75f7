// What attention-backward-query.wgsl computes, with its bindings, by subgroups that share what they load, as
// attention-forward-broadcast.wgsl.
// HEAD = D / 4 and SUBGROUP are joined as modules; with 4 lanes loops to HEAD and PART may be written out.

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
  let lse = stats[h * params.T + t];
  let delta = stats[(params.H + h) * params.T + t];

  let own = (t * params.H + h) * HEAD;
  let mine_key = mine % 4;
  let mine_part = mine / 4 * PART;
  var query: array<vec4f, HEAD>;
  var upstream: array<vec4f, HEAD>;
  var sum: array<vec4f, HEAD>;
  for (var d = 0u; d < HEAD; d++) {
    query[d] = params.scale * q[own + d];
    upstream[d] = dout[own + d];
  }

  for (var s = begin; s <= end; s += 4) {
    let row = (min(s + mine_key, end) * params.G + g) * HEAD + mine_part;
    var key: array<vec4f, PART>;
    var score = vec4f(0.0);
    var dp = vec4f(0.0);
    for (var d = 0u; d < PART; d++) {
      key[d] = k[row + d];
      let value = v[row + d];
      score += query[d] * first_four(key[d]);
      dp += upstream[d] * first_four(value);
      if (SUBGROUP == 8) {
        score += query[HEAD - PART + d] * last_four(key[d]);
        dp += upstream[HEAD - PART + d] * last_four(value);
      }
    }
    let keys = vec4u(s) + vec4u(0, 1, 2, 3);
    let visible = (keys >= vec4u(first)) & (keys <= vec4u(last));
    let p = select(vec4f(0.0), exp(min(score - lse, vec4f(0.0))), visible);
    let ds = p * (dp - delta);
    for (var d = 0u; d < PART; d++) {
      sum[d] = add_four(sum[d], first_four(key[d]), ds);
      if (SUBGROUP == 8) { sum[HEAD - PART + d] = add_four(sum[HEAD - PART + d], last_four(key[d]), ds); }
    }
  }

  if (t0 + lane >= params.T) { return; }
  for (var d = 0u; d < HEAD; d++) {
    dq[own + d] = params.scale * sum[d] + select(vec4f(0.0), dq[own + d], params.accumulate == 1);
  }
}

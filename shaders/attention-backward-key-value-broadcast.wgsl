// What attention-backward-key-value.wgsl computes, with its bindings, by subgroups that share what they load, as
// attention-forward-broadcast.wgsl: here of four queries, with what is known of them.
// HEAD = D / 4 and SUBGROUP are joined as modules; with 4 lanes loops to HEAD and PART may be written out.

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

/// Values, four each, that a lane loads of a query.
const PART = HEAD * 4 / SUBGROUP;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) mine: u32,
) {
  let s0 = group.x * 32;
  let s = min(s0 + lane, params.T - 1);
  let g = group.y;
  let heads = params.H / params.G;
  let begin = ranges[s0 * 4 + 2];
  let end = ranges[min(s0 + 31, params.T - 1) * 4 + 3];

  let own = (s * params.G + g) * HEAD;
  let mine_query = mine % 4;
  let mine_part = mine / 4 * PART;
  var key: array<vec4f, HEAD>;
  var value: array<vec4f, HEAD>;
  var dkey: array<vec4f, HEAD>;
  var dvalue: array<vec4f, HEAD>;
  for (var d = 0u; d < HEAD; d++) {
    key[d] = params.scale * k[own + d];
    value[d] = v[own + d];
  }

  // Head by head, and its queries one after the other, so that it does not matter which four come together.
  for (var h = g * heads; h < (g + 1) * heads; h++) {
    for (var t = begin; t <= end; t += 4) {
      let mine_t = min(t + mine_query, end);
      let mine_first = ranges[mine_t * 4];
      // Queries beyond the last see nothing.
      let mine_end = select(0u, ranges[mine_t * 4 + 1] + 1, t + mine_query <= end);
      let mine_lse = stats[h * params.T + mine_t];
      let mine_delta = stats[(params.H + h) * params.T + mine_t];
      let row = (mine_t * params.H + h) * HEAD + mine_part;
      var query: array<vec4f, PART>;
      var upstream: array<vec4f, PART>;
      var score = vec4f(0.0);
      var dp = vec4f(0.0);
      for (var d = 0u; d < PART; d++) {
        query[d] = q[row + d];
        upstream[d] = dout[row + d];
        score += key[d] * first_four(query[d]);
        dp += value[d] * first_four(upstream[d]);
        if (SUBGROUP == 8) {
          score += key[HEAD - PART + d] * last_four(query[d]);
          dp += value[HEAD - PART + d] * last_four(upstream[d]);
        }
      }
      // What is known of the four queries; positions are exact in f32 up to 2^24.
      let of_each = transpose(first_four(vec4f(f32(mine_first), f32(mine_end), mine_lse, mine_delta)));
      let visible = (vec4f(f32(s)) >= of_each[0]) & (vec4f(f32(s)) < of_each[1]);
      let p = select(vec4f(0.0), exp(min(score - of_each[2], vec4f(0.0))), visible);
      let ds = p * (dp - of_each[3]);
      for (var d = 0u; d < PART; d++) {
        dkey[d] = add_four(dkey[d], first_four(query[d]), ds);
        dvalue[d] = add_four(dvalue[d], first_four(upstream[d]), p);
        if (SUBGROUP == 8) {
          dkey[HEAD - PART + d] = add_four(dkey[HEAD - PART + d], last_four(query[d]), ds);
          dvalue[HEAD - PART + d] = add_four(dvalue[HEAD - PART + d], last_four(upstream[d]), p);
        }
      }
    }
  }

  if (s0 + lane >= params.T) { return; }
  for (var d = 0u; d < HEAD; d++) {
    dk[own + d] = params.scale * dkey[d] + select(vec4f(0.0), dk[own + d], params.accumulate_k == 1);
    dv[own + d] = dvalue[d] + select(vec4f(0.0), dv[own + d], params.accumulate_v == 1);
  }
}

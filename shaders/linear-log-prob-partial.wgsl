// part[part0+p,r] = (m, sum_v e, sum_v e^2, sum_v (z - m) e, sum_v z) with m = max_v z[r,v] and e = exp(z[r,v] - m), over
// the p-th part of these rows of w, z[r,v] = h[r] . w[v];  picked[r] = z[r, target[r] - first], where w has that row
//
// h [R, C]   w [N, C]: vocabulary entries `first` to first + N, stored as lib/weights-*.wgsl says
// target [R]   part [Q, R, 5]   picked [R]. C is a multiple of 4.
// Each invocation owns four rows and one of P parts, and keeps its own online sums: no logit is stored.

override LANES_R: u32 = 8;
override LANES_P: u32 = 8;

struct Params {
  R: u32,
  C: u32,
  N: u32,
  P: u32,
  first: u32,
  part0: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> h: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<Stored>;
@group(0) @binding(3) var<storage, read> target_ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> part: array<f32>;
@group(0) @binding(5) var<storage, read_write> picked: array<f32>;

const NEVER = -1e30;

@compute @workgroup_size(LANES_P, LANES_R)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 4;
  if (row >= params.R || id.x >= params.P) { return; }
  let width = (params.N + params.P - 1) / params.P;
  let begin = id.x * width;
  let end = min(begin + width, params.N);
  let rows = min(vec4u(row, row + 1, row + 2, row + 3), vec4u(params.R - 1));
  // Below `first` the difference wraps around, far beyond N.
  let wanted =
    vec4u(target_ids[rows.x], target_ids[rows.y], target_ids[rows.z], target_ids[rows.w]) - params.first;

  var most = vec4f(NEVER);
  var total = vec4f(0.0);
  var squares = vec4f(0.0);
  var moment = vec4f(0.0);
  var plain = vec4f(0.0);
  for (var v = begin; v < end; v += 4) {
    // Four rows (components) of logits for each of four vocabulary entries.
    var z0 = vec4f(0.0);
    var z1 = vec4f(0.0);
    var z2 = vec4f(0.0);
    var z3 = vec4f(0.0);
    let c4 = params.C / 4;
    let h0 = rows * c4;
    let at = min(vec4u(v, v + 1, v + 2, v + 3), vec4u(params.N - 1));
    for (var c = 0u; c < c4; c++) {
      let a = h[h0.x + c];
      let b = h[h0.y + c];
      let d = h[h0.z + c];
      let e = h[h0.w + c];
      let x0 = weight4(at.x, c * 4, params.C);
      let x1 = weight4(at.y, c * 4, params.C);
      let x2 = weight4(at.z, c * 4, params.C);
      let x3 = weight4(at.w, c * 4, params.C);
      z0 += vec4f(dot(a, x0), dot(b, x0), dot(d, x0), dot(e, x0));
      z1 += vec4f(dot(a, x1), dot(b, x1), dot(d, x1), dot(e, x1));
      z2 += vec4f(dot(a, x2), dot(b, x2), dot(d, x2), dot(e, x2));
      z3 += vec4f(dot(a, x3), dot(b, x3), dot(d, x3), dot(e, x3));
    }
    plain += z0;
    if (v + 1 < end) { plain += z1; } else { z1 = vec4f(NEVER); }
    if (v + 2 < end) { plain += z2; } else { z2 = vec4f(NEVER); }
    if (v + 3 < end) { plain += z3; } else { z3 = vec4f(NEVER); }
    let more = max(most, max(max(z0, z1), max(z2, z3)));
    // Before the first entries there is no maximum, and there are no sums to be moved from it.
    let shift = select(most - more, vec4f(0.0), most == vec4f(NEVER));
    let less = exp(shift);
    let e0 = exp(z0 - more);
    let e1 = exp(z1 - more);
    let e2 = exp(z2 - more);
    let e3 = exp(z3 - more);
    moment = (moment + shift * total) * less
      + (z0 - more) * e0 + (z1 - more) * e1 + (z2 - more) * e2 + (z3 - more) * e3;
    squares = squares * less * less + e0 * e0 + e1 * e1 + e2 * e2 + e3 * e3;
    total = total * less + e0 + e1 + e2 + e3;
    most = more;
    for (var i = 0u; i < 4; i++) {
      if (row + i < params.R && wanted[i] >= v && wanted[i] < min(v + 4, end)) {
        let z = vec4f(z0[i], z1[i], z2[i], z3[i]);
        picked[row + i] = z[wanted[i] - v];
      }
    }
  }
  for (var i = 0u; i < 4 && row + i < params.R; i++) {
    let place = ((params.part0 + id.x) * params.R + row + i) * 5;
    part[place] = most[i];
    part[place + 1] = total[i];
    part[place + 2] = squares[i];
    part[place + 3] = moment[i];
    part[place + 4] = plain[i];
  }
}

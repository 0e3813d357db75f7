// part[part0+p,r] = (m, sum_v e, sum_v e^2, sum_v (z - m) e, sum_v z) with m = max_v z[r,v] and e = exp(z[r,v] - m), over
// the p-th part of these rows of w, z[r,v] = h[r] . w[v];  picked[r] = z[r, target[r] - first], where w has that row
//
// h [R, C]   w [N, C]: vocabulary entries `first` to first + N, stored as lib/weights-*.wgsl says
// target [R]   part [Q, R, 5]   picked [R]. C is a multiple of 4.
// Joined with one of products/*.wgsl; linear-nt.wgsl says what it gives to them. Each invocation walks over the entries
// of a part and keeps their online sums: no logit is stored.

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

/// Of four rows, one a component.
struct Online {
  most: vec4f,
  total: vec4f,
  squares: vec4f,
  moment: vec4f,
  plain: vec4f,
}

/// Of the bands of four rows that an invocation owns, at most four.
var<private> online: array<Online, 4> = array(NOTHING, NOTHING, NOTHING, NOTHING);
const NOTHING = Online(vec4f(NEVER), vec4f(), vec4f(), vec4f(), vec4f());

const PARTS_ARE_STEPS = false;

fn product_size() -> vec3u { return vec3u(params.R, params.N, params.C); }

fn left_start(batch: u32, row: u32, part: u32) -> u32 { return min(row + part, params.R - 1) * (params.C / 4); }

fn left(start: u32, k4: u32, part: u32) -> vec4f { return h[start + k4]; }

fn left_rows(parts: mat4x4f) -> mat4x4f { return parts; }

fn right_start(batch: u32, col: u32, part: u32) -> u32 {
  return row_start(min(col + part, params.N - 1), params.C);
}

fn right(batch: u32, start: u32, k4: u32, part: u32) -> vec4f { return weight4_from(start, k4, params.C); }

fn right_steps(parts: mat4x4f) -> mat4x4f { return transpose(parts); }

fn finish(band: u32, batch: u32, row: u32, v: u32, sums: mat4x4f) {
  if (v >= params.N) { return; }
  pick(row, v, sums);
  // Four rows' logits of each entry.
  var z = transpose(sums);
  let o = online[band];
  var plain = o.plain + z[0];
  if (v + 1 < params.N) { plain += z[1]; } else { z[1] = vec4f(NEVER); }
  if (v + 2 < params.N) { plain += z[2]; } else { z[2] = vec4f(NEVER); }
  if (v + 3 < params.N) { plain += z[3]; } else { z[3] = vec4f(NEVER); }
  let more = max(o.most, max(max(z[0], z[1]), max(z[2], z[3])));
  // Before the first entries there is no maximum, and there are no sums to be moved from it.
  let shift = select(o.most - more, vec4f(0.0), o.most == vec4f(NEVER));
  let less = exp(shift);
  let e0 = exp(z[0] - more);
  let e1 = exp(z[1] - more);
  let e2 = exp(z[2] - more);
  let e3 = exp(z[3] - more);
  online[band] = Online(
    more,
    o.total * less + e0 + e1 + e2 + e3,
    o.squares * less * less + e0 * e0 + e1 * e1 + e2 * e2 + e3 * e3,
    (o.moment + shift * o.total) * less
      + (z[0] - more) * e0 + (z[1] - more) * e1 + (z[2] - more) * e2 + (z[3] - more) * e3,
    plain,
  );
}

/// Stores the logits of the rows' targets that are among the entries v .. v + 3.
fn pick(row: u32, v: u32, z: mat4x4f) {
  for (var i = 0u; i < 4 && row + i < params.R; i++) {
    // Below `first` the difference wraps around, far beyond N.
    let wanted = target_ids[row + i] - params.first;
    if (wanted >= v && wanted < min(v + 4, params.N)) { picked[row + i] = z[i][wanted - v]; }
  }
}

fn conclude(band: u32, row: u32, p: u32) {
  if (p >= params.P) { return; }
  let o = online[band];
  for (var i = 0u; i < 4 && row + i < params.R; i++) {
    let at = ((params.part0 + p) * params.R + row + i) * 5;
    part[at] = o.most[i];
    part[at + 1] = o.total[i];
    part[at + 2] = o.squares[i];
    part[at + 3] = o.moment[i];
    part[at + 4] = o.plain[i];
  }
}

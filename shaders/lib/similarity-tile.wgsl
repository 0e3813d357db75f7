// Sixteen similarities of rows x and y, for shaders that bind `x` and `y`: array<Quad> as prepare-rows.wgsl
// leaves them and link lib/rows-f16.wgsl or lib/rows-f32.wgsl.
//
// A sum over all dimensions is what is wanted, and most pairs need only a part of it: after each segment of
// dimensions, what the rest of a product can add is at most the product of the two rows' bounds (Cauchy and
// Schwarz), and what the rest of a negative distance can add is at most nothing. A tile in which no pair can
// come above its limit is abandoned. Operands are read straight from memory; see linear-nt.wgsl.

/// What is summed: 0 products, 1 negative differences, 2 negative squares of differences.
override TERM: u32 = 0;
/// Quads of a segment.
override SEGMENT: u32 = 8;

/// In place of sums that were not finished. Below every limit.
const ABANDONED = -3.3e38;

struct Tile {
  /// Column j, component i: the sum of the pair x[xs[i]], y[ys[j]].
  sums: mat4x4f,
  /// How far above the sum the pair's similarity may be.
  slack: mat4x4f,
}

/// `xs` and `ys` are offsets of rows of `quads` quads of values. Component i of `lower` is the limit of the row
/// at xs[i].
fn similarity_tile(xs: vec4u, ys: vec4u, quads: u32, lower: vec4f) -> Tile {
  var c0 = vec4f(0.0);
  var c1 = vec4f(0.0);
  var c2 = vec4f(0.0);
  var c3 = vec4f(0.0);
  var slack = mat4x4f();
  var segment = 0u;
  for (var begin = 0u; begin < quads; begin += SEGMENT) {
    for (var q = begin; q < min(begin + SEGMENT, quads); q++) {
      let a0 = quad_values(x[xs.x + q]);
      let a1 = quad_values(x[xs.y + q]);
      let a2 = quad_values(x[xs.z + q]);
      let a3 = quad_values(x[xs.w + q]);
      let b0 = quad_values(y[ys.x + q]);
      let b1 = quad_values(y[ys.y + q]);
      let b2 = quad_values(y[ys.z + q]);
      let b3 = quad_values(y[ys.w + q]);
      c0 += vec4f(term(a0, b0), term(a1, b0), term(a2, b0), term(a3, b0));
      c1 += vec4f(term(a0, b1), term(a1, b1), term(a2, b1), term(a3, b1));
      c2 += vec4f(term(a0, b2), term(a1, b2), term(a2, b2), term(a3, b2));
      c3 += vec4f(term(a0, b3), term(a1, b3), term(a2, b3), term(a3, b3));
    }
    if (TERM == 0) {
      let at = quads + segment / BOUNDS;
      let i = segment % BOUNDS;
      let tx = bitcast<vec4f>(vec4u(x[xs.x + at][i], x[xs.y + at][i], x[xs.z + at][i], x[xs.w + at][i]));
      let ty = bitcast<vec4f>(vec4u(y[ys.x + at][i], y[ys.y + at][i], y[ys.z + at][i], y[ys.w + at][i]));
      slack = mat4x4f(tx * ty.x, tx * ty.y, tx * ty.z, tx * ty.w);
    }
    let largest = max(max(c0 + slack[0], c1 + slack[1]), max(c2 + slack[2], c3 + slack[3]));
    if (!any(largest > lower)) {
      let none = vec4f(ABANDONED);
      return Tile(mat4x4f(none, none, none, none), mat4x4f());
    }
    segment++;
  }
  return Tile(mat4x4f(c0, c1, c2, c3), slack);
}

fn term(a: vec4f, b: vec4f) -> f32 {
  let d = a - b;
  if (TERM == 0) { return dot(a, b); }
  if (TERM == 1) { return -dot(abs(d), vec4f(1.0)); }
  return -dot(d, d);
}

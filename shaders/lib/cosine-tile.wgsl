// Sixteen dot products of the rows of two matrices, for shaders that bind them as `x` and `y`: array<vec4f>.
// Operands are read straight from memory, without workgroup memory or barriers; see linear-nt.wgsl.

/// Column j, component i: x[row + i] . y[col + j], for matrices of `rows` and `cols` rows of `quads` times
/// four values. Results outside the matrices are those of their last rows: ignore them.
fn cosine_tile(row: u32, col: u32, rows: u32, cols: u32, quads: u32) -> mat4x4f {
  let x0 = min(row, rows - 1) * quads;
  let x1 = min(row + 1, rows - 1) * quads;
  let x2 = min(row + 2, rows - 1) * quads;
  let x3 = min(row + 3, rows - 1) * quads;
  let y0 = min(col, cols - 1) * quads;
  let y1 = min(col + 1, cols - 1) * quads;
  let y2 = min(col + 2, cols - 1) * quads;
  let y3 = min(col + 3, cols - 1) * quads;
  var c0 = vec4f(0.0);
  var c1 = vec4f(0.0);
  var c2 = vec4f(0.0);
  var c3 = vec4f(0.0);
  for (var q = 0u; q < quads; q++) {
    let a0 = x[x0 + q];
    let a1 = x[x1 + q];
    let a2 = x[x2 + q];
    let a3 = x[x3 + q];
    let b0 = y[y0 + q];
    let b1 = y[y1 + q];
    let b2 = y[y2 + q];
    let b3 = y[y3 + q];
    c0 += vec4f(dot(a0, b0), dot(a1, b0), dot(a2, b0), dot(a3, b0));
    c1 += vec4f(dot(a0, b1), dot(a1, b1), dot(a2, b1), dot(a3, b1));
    c2 += vec4f(dot(a0, b2), dot(a1, b2), dot(a2, b2), dot(a3, b2));
    c3 += vec4f(dot(a0, b3), dot(a1, b3), dot(a2, b3), dot(a3, b3));
  }
  return mat4x4f(c0, c1, c2, c3);
}

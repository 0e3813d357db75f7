// What four steps of k add to the results of a product, as dot products: for compilers that keep the sum of one in a
// register, and what several make together in memory, as SwiftShader's.

/// The sums of four rows with four steps of k more: of the columns and of the rows.
fn with_steps(sums: mat4x4f, columns: mat4x4f, rows: mat4x4f) -> mat4x4f {
  return mat4x4f(
    row_with_steps(sums[0], columns, rows[0]), row_with_steps(sums[1], columns, rows[1]),
    row_with_steps(sums[2], columns, rows[2]), row_with_steps(sums[3], columns, rows[3]));
}

fn row_with_steps(sums: vec4f, columns: mat4x4f, row: vec4f) -> vec4f {
  return vec4f(
    sums.x + dot(columns[0], row), sums.y + dot(columns[1], row),
    sums.z + dot(columns[2], row), sums.w + dot(columns[3], row));
}

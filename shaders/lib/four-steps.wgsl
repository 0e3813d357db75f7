// What four steps of k add to the results of a product. It is written out, so that all kernels of a device that are joined
// with it add in one order, and a row has the same bits whatever is computed beside it. From the last step to the first:
// so Mesa orders a product of matrices, and there these bits are also those of the kernels that leave it to the compiler.

/// To four results of a row: `steps` has their factors of each step, `row` the row's own.
fn row_steps(steps: mat4x4f, row: vec4f) -> vec4f {
  let last = fma(vec4f(row.z), steps[2], row.w * steps[3]);
  return fma(vec4f(row.x), steps[0], fma(vec4f(row.y), steps[1], last));
}

/// To those of four rows.
fn block_steps(steps: mat4x4f, rows: mat4x4f) -> mat4x4f {
  return mat4x4f(
    row_steps(steps, rows[0]), row_steps(steps, rows[1]), row_steps(steps, rows[2]), row_steps(steps, rows[3]));
}

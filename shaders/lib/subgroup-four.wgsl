// Values of a subgroup's lanes. SUBGROUP, 4 or 8, is joined as a module.

/// Those of lanes 0 to 3.
fn first_four(part: vec4f) -> mat4x4f {
  if (SUBGROUP == 4) { return of_quad(part); }
  return mat4x4f(
    subgroupBroadcast(part, 0), subgroupBroadcast(part, 1),
    subgroupBroadcast(part, 2), subgroupBroadcast(part, 3));
}

/// Those of lanes 4 to 7; where there are only four, lanes 0 to 3 again.
fn last_four(part: vec4f) -> mat4x4f {
  if (SUBGROUP == 4) { return of_quad(part); }
  return mat4x4f(
    subgroupBroadcast(part, 4), subgroupBroadcast(part, 5),
    subgroupBroadcast(part, 6), subgroupBroadcast(part, 7));
}

/// Those of the four lanes of the own quad: for SwiftShader half the work of those of a subgroup's lanes.
fn of_quad(part: vec4f) -> mat4x4f {
  return mat4x4f(
    quadBroadcast(part, 0), quadBroadcast(part, 1), quadBroadcast(part, 2), quadBroadcast(part, 3));
}

/// Those of the own quad's lanes mine, mine ^ 1, mine ^ 2 and mine ^ 3.
fn exchanged(part: vec4f) -> mat4x4f {
  return mat4x4f(part, quadSwapX(part), quadSwapY(part), quadSwapDiagonal(part));
}

/// sum + values * factors, one after the other: zeros before or after change no bit.
fn add_four(sum: vec4f, values: mat4x4f, factors: vec4f) -> vec4f {
  let two = fma(vec4f(factors.y), values[1], fma(vec4f(factors.x), values[0], sum));
  return fma(vec4f(factors.w), values[3], fma(vec4f(factors.z), values[2], two));
}

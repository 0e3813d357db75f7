// Values of a subgroup's lanes. SUBGROUP, 4 or 8, is joined as a module.

/// Those of lanes 0 to 3.
fn first_four(part: vec4f) -> mat4x4f {
  return mat4x4f(
    subgroupBroadcast(part, 0), subgroupBroadcast(part, 1),
    subgroupBroadcast(part, 2), subgroupBroadcast(part, 3));
}

/// Those of lanes 4 to 7, where there are so many.
fn last_four(part: vec4f) -> mat4x4f {
  return mat4x4f(
    subgroupBroadcast(part, 4 % SUBGROUP), subgroupBroadcast(part, 5 % SUBGROUP),
    subgroupBroadcast(part, 6 % SUBGROUP), subgroupBroadcast(part, 7 % SUBGROUP));
}

/// sum + values * factors, one after the other: zeros before or after change no bit.
fn add_four(sum: vec4f, values: mat4x4f, factors: vec4f) -> vec4f {
  let two = fma(vec4f(factors.y), values[1], fma(vec4f(factors.x), values[0], sum));
  return fma(vec4f(factors.w), values[3], fma(vec4f(factors.z), values[2], two));
}

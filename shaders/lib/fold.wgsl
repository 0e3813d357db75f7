// A dispatch of more than 65535 workgroups is folded into two axes; these undo it.

/// Index of the workgroup as if the dispatch had one axis. May exceed the count asked for: guard it.
fn linear_workgroup(group: vec3u, groups: vec3u) -> u32 {
  return group.x + group.y * groups.x;
}

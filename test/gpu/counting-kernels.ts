import fold from '#shaders/lib/fold.wgsl?raw'
import { defineKernel, read, write } from '../../src/gpu/kernel'

const head = (bindings: string) => `
struct Params { N: u32, factor: u32 }
@group(0) @binding(0) var<uniform> params: Params;
${bindings}
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = linear_workgroup(group, groups);
  if (n >= params.N) { return; }`

/** y[n] += factor·n, one workgroup a row: cheap even where rows exceed the workgroups of one axis. */
export const count = defineKernel({
  name: 'count',
  code: [
    fold,
    `${head('@group(0) @binding(1) var<storage, read_write> y: array<u32>;')} y[n] += params.factor * n; }`,
  ],
  params: { N: 'u32', factor: 'u32' },
  bindings: { y: write('u32', 'N') },
  workgroups: ({ N }) => [N],
})

/** y[n] = factor·x[n]. */
export const times = defineKernel({
  name: 'times',
  code: [
    fold,
    `${head(`@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;`)} y[n] = params.factor * x[n]; }`,
  ],
  params: { N: 'u32', factor: 'u32' },
  bindings: { x: read('u32', 'N'), y: write('u32', 'N') },
  workgroups: ({ N }) => [N],
})

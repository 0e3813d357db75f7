import code from '#shaders/adamw-8bit.wgsl?raw'
import hash from '#shaders/lib/counter-hash.wgsl?raw'
import dynamic from '#shaders/lib/dynamic-8bit.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'

/** Values that share the two numbers which their codes are shares of. */
export const BLOCK = 256

/** One AdamW step with its running means in 8 bits a value. m, v and peaks have K = ⌈N / 256⌉ blocks, zero at first. */
export const adamw8bit = defineKernel({
  name: 'adamw-8bit',
  code: [fold, hash, dynamic, code],
  params: { N: 'u32', K: 'u32', a1: 'f32', a2: 'f32', eps: 'f32', decay: 'f32' },
  bindings: {
    p: write('f32', 'N'),
    grads: read('f32', 'N'),
    m: write('u32', 'K 64'),
    v: write('u32', 'K 64'),
    peaks: write('f32', 'K 2'),
    norm: read('f32', '2'),
    scalars: read('f32', '4'),
  },
  workgroups: ({ K }) => [K],
})

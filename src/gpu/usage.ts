/** WebGPU's flags by value, so that a dry run needs no WebGPU. https://www.w3.org/TR/webgpu/#buffer-usage */
export const BufferUsage = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const
export const MAP_READ = 0x1
export const COMPUTE_STAGE = 0x4

/** What a submit is made of. A list of these is all a replayed step is. */
export type Command = Dispatch | Copy | Clear

export interface Dispatch {
  readonly kind: 'dispatch'
  readonly pipeline: GPUComputePipeline
  readonly bindGroup: GPUBindGroup
  /** Where the kernel's `Params` lie in the uniform buffer of the bind group. */
  readonly uniform: readonly [number]
  readonly x: number
  readonly y: number
  readonly z: number
}

export interface Copy {
  readonly kind: 'copy'
  readonly from: GPUBuffer
  readonly fromOffset: number
  readonly to: GPUBuffer
  readonly toOffset: number
  readonly bytes: number
}

export interface Clear {
  readonly kind: 'clear'
  readonly buffer: GPUBuffer
  readonly offset: number
  readonly bytes: number
}

/** Encodes commands in order, keeping one compute pass open across dispatches (a pass costs up to 36 µs). */
export function encode(encoder: GPUCommandEncoder, commands: readonly Command[]): void {
  let pass: GPUComputePassEncoder | null = null
  let pipeline: GPUComputePipeline | null = null
  for (const command of commands) {
    if (command.kind === 'dispatch') {
      pass ??= encoder.beginComputePass()
      if (pipeline !== command.pipeline) pass.setPipeline(command.pipeline)
      pipeline = command.pipeline
      pass.setBindGroup(0, command.bindGroup, command.uniform)
      pass.dispatchWorkgroups(command.x, command.y, command.z)
      continue
    }
    pass?.end()
    pass = null
    pipeline = null
    if (command.kind === 'copy') {
      encoder.copyBufferToBuffer(
        command.from,
        command.fromOffset,
        command.to,
        command.toOffset,
        command.bytes,
      )
    } else {
      encoder.clearBuffer(command.buffer, command.offset, command.bytes)
    }
  }
  pass?.end()
}

import type { Kernel } from './kernel'

/** What a submit is made of. A list of these is all a replayed step is. */
export type Command = Dispatch | Copy | Clear

export interface Dispatch {
  readonly kind: 'dispatch'
  readonly pipeline: GPUComputePipeline
  readonly bindGroup: GPUBindGroup
  /**
   * The kernel's `Params`: their bytes where the pipeline takes immediates, which spares a buffer and a bind group for each
   * place in it, or else where they lie in the uniform buffer of the bind group. As a buffer of their own and as an
   * array, because both are the cheapest to hand over.
   */
  readonly immediates: ArrayBuffer | null
  readonly uniform: readonly [number] | null
  readonly x: number
  readonly y: number
  readonly z: number
  /** What runs, and the sizes of its axes and its parameters: for whoever measures. */
  readonly kernel: Kernel
  readonly values: Readonly<Record<string, number>>
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

/** Encodes lists of commands in order, keeping one compute pass open across dispatches (a pass costs up to 36 µs). */
export function encode(encoder: GPUCommandEncoder, lists: readonly (readonly Command[])[]): void {
  let pass: GPUComputePassEncoder | null = null
  let pipeline: GPUComputePipeline | null = null
  for (const commands of lists) {
    for (const command of commands) {
      if (command.kind === 'dispatch') {
        pass ??= encoder.beginComputePass()
        encodeDispatch(pass, command, pipeline)
        pipeline = command.pipeline
        continue
      }
      pass?.end()
      pass = null
      pipeline = null
      encodeTransfer(encoder, command)
    }
  }
  pass?.end()
}

/** @param current the pipeline that the pass has */
export function encodeDispatch(
  pass: GPUComputePassEncoder,
  { pipeline, bindGroup, immediates, uniform, x, y, z }: Dispatch,
  current: GPUComputePipeline | null,
): void {
  if (pipeline !== current) pass.setPipeline(pipeline)
  if (immediates) {
    pass.setBindGroup(0, bindGroup)
    pass.setImmediates(0, immediates)
  } else pass.setBindGroup(0, bindGroup, uniform!)
  // In Node each argument costs a tenth of a microsecond.
  if (y === 1 && z === 1) pass.dispatchWorkgroups(x)
  else pass.dispatchWorkgroups(x, y, z)
}

export function encodeTransfer(encoder: GPUCommandEncoder, command: Copy | Clear): void {
  if (command.kind === 'clear') {
    encoder.clearBuffer(command.buffer, command.offset, command.bytes)
    return
  }
  const { from, fromOffset, to, toOffset, bytes } = command
  encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, bytes)
}

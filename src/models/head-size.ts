import { attentionKernels } from '../ops/attention'
import type { Config } from './config'
import { ModelError } from './errors'

/** @throws {ModelError} for a head size without a kernel */
export function checkHeadSize({ name }: Config, headSize: number): void {
  if (Object.hasOwn(attentionKernels, headSize)) return
  throw new ModelError(
    `${name}: config.json: heads of size ${headSize} are not supported, supported are multiples of 8 up to 256`,
  )
}

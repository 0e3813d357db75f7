import type { Torch } from './torch'

export async function startTorch(python: string, device: string): Promise<Torch> {
  throw new Error(`not yet ${python} ${device}`)
}

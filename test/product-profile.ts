import type { Gpu } from '../src/gpu/gpu'
import { chooseProductProfile, type ProductProfileName, productProfileOf } from '../src/ops/product-profiles'

/** Runs something with products computed by a profile, and goes back to the one that the device had. */
export async function withProfile<T>(
  gpu: Gpu,
  name: ProductProfileName,
  run: () => T | Promise<T>,
): Promise<T> {
  const before = productProfileOf(gpu)
  chooseProductProfile(gpu, name)
  try {
    return await run()
  } finally {
    chooseProductProfile(gpu, before)
  }
}

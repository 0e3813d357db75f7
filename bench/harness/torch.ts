import type { Contender } from './contender'
import type { Place } from './place'
import type { Versions } from './versions'

/** What PyTorch computes: a function of `bench/torch/`, and its settings. */
export interface TorchCase {
  readonly op: string
  readonly settings?: Readonly<Record<string, number | string | boolean>>
}

/** What contenders of it are called. */
export const TORCH = 'PyTorch'

export const PRECISIONS = ['fp32', 'bf16'] as const
export type Precision = (typeof PRECISIONS)[number]

/** A Python process with PyTorch. */
export interface Torch {
  /** Of Python, PyTorch and its device. */
  readonly versions: Versions
  contender(test: TorchCase, precision: Precision): Contender
  close(): void
}

export interface OpenedTorch {
  readonly versions: Versions
  /** One for each precision. */
  contenders(test: TorchCase): Promise<readonly Contender[]>
  close(): void
}

/**
 * PyTorch, if it is asked for, or if the adapter is NVIDIA's and Python has it; else null, and `notes` says why.
 *
 * @throws {Error} if it is asked for by name and does not start
 */
export async function openTorch(
  { torch: start }: Place,
  vendor: string,
  { torch: python, 'torch-device': device }: { readonly torch: string; readonly 'torch-device': string },
  notes: string[],
): Promise<OpenedTorch | null> {
  const named = python !== 'auto' && python !== 'none'
  if (named && !start) throw new Error('--torch runs in Node alone')
  if (!start || python === 'none' || !(named || vendor === 'nvidia')) return null
  try {
    const torch = await start(named ? python : 'python3', device)
    return {
      versions: torch.versions,
      contenders: async test => PRECISIONS.map(precision => torch.contender(test, precision)),
      close: () => torch.close(),
    }
  } catch (cause) {
    if (named) throw cause
    notes.push(`without PyTorch: ${cause instanceof Error ? cause.message : cause}`)
    return null
  }
}

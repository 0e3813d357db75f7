import type { ModelFiles } from '../../src/io/model-files'
import type { Torch } from './torch'
import type { Versions } from './versions'

export type PlaceName = 'node' | 'chromium'

export interface Elapsed {
  readonly milliseconds: number
  /** Of all threads of this process: with a software adapter also the GPU's work; null where nobody tells. */
  readonly cpuSeconds: number | null
}

/** Where a subject runs, and what differs there. */
export interface Place {
  readonly name: PlaceName
  /** Of tabtune, and of what it runs on. */
  readonly versions: Versions
  /** WebGPU, also as `navigator.gpu`, where peers look for it: all contenders use the same adapter. */
  gpu(): Promise<GPU>
  /** Starts; the function returned says what went by since. */
  stopwatch(): () => Elapsed
  /** A model's folder, by its path from where the bench was started. */
  folder(path: string): ModelFiles
  /** The address of a file or folder, for peers that load by themselves: a path in Node, a URL in a page. */
  address(path: string): string
  /** What goes on, for people who wait. */
  progress(text: string): void
  /**
   * Starts PyTorch, with `python` or what the system calls so, on `device`, `cuda` or `cpu`. Null in a page.
   *
   * @throws {Error} if it does not start
   */
  readonly torch: ((python: string, device: string) => Promise<Torch>) | null
}

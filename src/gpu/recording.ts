import type { Command } from './commands'
import type { Block } from './pool'
import { Uniforms } from './uniforms'

/** A fixed list of commands with their parameters, made by `Gpu.record` and run by `Gpu.replay`. */
export class Recording implements Disposable {
  readonly #commands: Command[] = []
  #dispatches = 0
  /** Parameters of its dispatches; they never change. */
  readonly uniforms: Uniforms

  /** @param release called once, when the recording is disposed */
  constructor(
    create: (bytes: number) => Block,
    private readonly release: (recording: Recording) => void,
  ) {
    this.uniforms = new Uniforms(create)
  }

  get commands(): readonly Command[] {
    return this.#commands
  }

  get dispatches(): number {
    return this.#dispatches
  }

  push(command: Command): void {
    if (command.kind === 'dispatch') this.#dispatches++
    this.#commands.push(command)
  }

  /** Gives its memory back. It must not be replayed afterwards. */
  [Symbol.dispose](): void {
    this.release(this)
  }
}

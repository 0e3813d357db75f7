import { openGpu } from '../../../src/gpu/open-gpu'
import { opfsStore } from '../../../src/io/opfs-store'
import { sampo } from '../../../src/losses/sampo'
import { type TrainStep, train } from '../../../src/training/train'
import { adapterOf, bitsOf, oneLayer, pairs, shortRun } from '../../training/tiny-runs'

/** What a page or a worker says while it trains. */
export interface Line {
  readonly resumed?: number
  readonly written?: number
  readonly trained?: TrainStep
  readonly bits?: readonly (readonly number[])[]
  readonly failed?: string
  readonly message?: string
}

/** Trains, and keeps the run in the browser's own file system, from where it goes on if it is there. */
export async function trainKept(name: string, say: (line: Line) => void): Promise<void> {
  try {
    using gpu = await openGpu({ limits: 'default' })
    using network = oneLayer(gpu)
    using adapter = adapterOf({ dropout: 0.1 })(network)
    const training = train(adapter, pairs, {
      ...shortRun,
      loss: sampo(),
      accumulation: 1,
      epochs: 5,
      checkpoint: {
        store: opfsStore(`runs/${name}`),
        everySteps: 2,
        resume: true,
        onCheckpoint: (step, kind) => say({ [kind]: step }),
      },
    })
    for await (const step of training) say({ trained: step })
    say({ bits: (await bitsOf(adapter)).map(bits => [...bits]) })
  } catch (error) {
    const { name, message } = error as Error
    say({ failed: name, message })
  }
}

/** What a run has left in the browser's own file system. */
export const filesOf = async (name: string): Promise<string[]> =>
  (await opfsStore(`runs/${name}`).list('')).sort()

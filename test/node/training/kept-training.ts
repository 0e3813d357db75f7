import { writeSync } from 'node:fs'
import { openGpu } from '../../../src/gpu/open-gpu'
import { folderStore } from '../../../src/io/folder-store'
import { sampo } from '../../../src/losses/sampo'
import { train } from '../../../src/training/train'
import { adapterOf, bitsOf, oneLayer, pairs, shortRun } from '../../training/tiny-runs'

// A process that trains, and keeps its run in the folder that is its argument: it may be ended at any moment. It says
// what it does a line at a time, in JSON; a pipe takes a line before the next thing is done.

const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`)

const gpu = await openGpu({ limits: 'default' })
const network = oneLayer(gpu)
const adapter = adapterOf({ dropout: 0.1 })(network)
say({ ready: true })
const training = train(adapter, pairs, {
  ...shortRun,
  loss: sampo(),
  accumulation: 1,
  epochs: 20,
  checkpoint: {
    store: folderStore(process.argv[2]),
    everySteps: 2,
    resume: true,
    onCheckpoint: (step, kind) => say({ [kind]: step }),
    onDamaged: ({ message }) => say({ damaged: message }),
  },
})
try {
  for await (const step of training) say({ trained: step })
  say({ bits: (await bitsOf(adapter)).map(bits => Buffer.from(bits.buffer).toString('base64')) })
} catch (error) {
  const { name, message } = error as Error
  say({ failed: name, message })
}
// Dawn keeps the process alive as long as its device exists.
process.exit()

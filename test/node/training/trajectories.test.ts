import { describe } from 'vitest'
import { adamW8bit } from '../../../src/training/adamw-8bit'
import { test } from '../../gpu'
import { expectClose } from '../../numbers'
import { expectTrajectory, follow, inBrowsersToo, trajectories } from '../../training/trajectory'

describe('train follows PyTorch for 50 steps', () => {
  const rest = [...trajectories].filter(([name]) => !inBrowsersToo.includes(name))
  test.for(rest)('%s', { timeout: 60_000 }, ([, run], { gpu }) => expectTrajectory(gpu, run))

  // Its steps are up to a tenth longer or shorter, value by value, and even each other out.
  test.for([
    ['sft full', 0.01],
    ['dpo lora', 0.03],
  ] as const)(
    '%s, with 8 bits of state, to a share of %f',
    { timeout: 60_000 },
    async ([name, rtol], { gpu }) => {
      const run = trajectories.get(name)!
      const steps = await follow(gpu, run, adamW8bit({ weightDecay: 0.01 }))
      expectClose(
        steps.map(({ loss }) => loss),
        run.metrics.loss,
        { atol: 0, rtol },
      )
    },
  )
})

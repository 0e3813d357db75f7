import { describe } from 'vitest'
import { test } from '../gpu'
import { expectTrajectory, inBrowsersToo, trajectories } from './trajectory'

// One of each kind of loss and of what is trained; the others are in test/node/training/trajectories.test.ts.
describe('train follows PyTorch for 50 steps', () => {
  test.for(inBrowsersToo)('%s', { timeout: 60_000 }, (name, { gpu }) =>
    expectTrajectory(gpu, trajectories.get(name)!),
  )
})

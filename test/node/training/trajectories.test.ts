import { describe } from 'vitest'
import { test } from '../../gpu'
import { expectTrajectory, inBrowsersToo, trajectories } from '../../training/trajectory'

describe('train follows PyTorch for 50 steps', () => {
  const rest = [...trajectories].filter(([name]) => !inBrowsersToo.includes(name))
  test.for(rest)('%s', { timeout: 60_000 }, ([, run], { gpu }) => expectTrajectory(gpu, run))
})

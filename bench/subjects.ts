import { dispatchBench } from './dispatch.bench'
import type { Subject } from './harness/subject'
import { matmulBench } from './matmul.bench'
import { trainingStepBench } from './training-step.bench'

/** What runs in Node and in a page: these import nothing of Node. */
export const subjects: readonly Subject[] = [matmulBench, trainingStepBench, dispatchBench]

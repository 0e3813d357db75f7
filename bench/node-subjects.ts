import type { Subject } from './harness/subject'
import { liveSelectionBench } from './live-selection.bench'
import { scoringBench } from './scoring.bench'
import { selectionBench } from './selection.bench'

/** What runs in Node alone. */
export const nodeSubjects: readonly Subject[] = [selectionBench, liveSelectionBench, scoringBench]

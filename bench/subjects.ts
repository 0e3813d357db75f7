import { attentionBench } from './attention.bench'
import { causalScoringBench } from './causal-scoring.bench'
import { dispatchBench } from './dispatch.bench'
import { embeddingBench } from './embedding.bench'
import type { Subject } from './harness/subject'
import { layerNormBench } from './layer-norm.bench'
import { logProbHeadBench } from './log-prob-head.bench'
import { loraDpoStepBench } from './lora-dpo-step.bench'
import { matmulBench } from './matmul.bench'
import { scalingBench } from './scaling.bench'
import { scorerHeadBench } from './scorer-head.bench'
import { similarityBench } from './similarity.bench'
import { trainingStepBench } from './training-step.bench'

/** What runs in Node and in a page: these import nothing of Node. */
export const subjects: readonly Subject[] = [
  matmulBench,
  attentionBench,
  layerNormBench,
  logProbHeadBench,
  scorerHeadBench,
  similarityBench,
  trainingStepBench,
  loraDpoStepBench,
  embeddingBench,
  causalScoringBench,
  scalingBench,
  dispatchBench,
]

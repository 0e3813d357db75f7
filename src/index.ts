// The public surface of tabtune. Everything else may change without notice.
export { type ColumnNumbers, columnNumbers } from './data/column-numbers'
export type { ContainerName } from './data/container'
export { type Content, contentOf, type Source } from './data/content'
export { contentId } from './data/content-id'
export { DataError } from './data/data-error'
export {
  type LabelledAnswer,
  type LabelledEvent,
  type LabelledFile,
  type LabelledFormat,
  type LabelledStream,
  openLabelled,
  pairLabelled,
  readLabelled,
  type Unpaired,
  unpair,
} from './data/labelled'
export {
  type AdapterDescription,
  type FileDigest,
  fileDigest,
  jsonLines,
  type Manifest,
  sha256Hex,
} from './data/manifest'
export {
  type ChoiceFile,
  type ChoiceFormat,
  type ChoiceQuestion,
  readMultipleChoice,
} from './data/multiple-choice'
export {
  openPairs,
  type PairEvent,
  type PairFile,
  type PairFormat,
  type PairOptions,
  type PairStream,
  readPairs,
} from './data/read-pairs'
export {
  openRows,
  type RowEvent,
  type RowFile,
  type RowFormat,
  type RowStream,
  readRows,
} from './data/read-rows'
export type { ReadOptions, ReadProgress } from './data/record-stream'
export {
  type Exchange,
  exchanges,
  type Origin,
  type Pair,
  type Problem,
  type Role,
  type Row,
  type Turn,
} from './data/row'
export type { BinarizeOptions } from './data/ultra-feedback'
export { writePairs } from './data/write-pairs'
export { fileExtension, type WriteOptions } from './data/write-records'
export { writeRows } from './data/write-rows'
export type { CausalStatesOptions } from './embedding/causal-states'
export { columnVectors } from './embedding/column-vectors'
export type { Embedder, EmbedOptions } from './embedding/embedder'
export { type EncoderEmbedderOptions, encoderEmbedder } from './embedding/encoder-embedder'
export { hashedNgrams } from './embedding/hashed-ngrams'
export { type LastHiddenStateOptions, lastHiddenState } from './embedding/last-hidden-state'
export { meanHiddenState } from './embedding/mean-hidden-state'
export { type OnnxEmbedder, type OnnxEmbedderOptions, onnxEmbedder } from './embedding/onnx-embedder'
export { type PositionWeightedMeanOptions, positionWeightedMean } from './embedding/position-weighted-mean'
export { type Embeddable, storedVectors, textVectors, type Vectors, VectorsError } from './embedding/vectors'
export {
  type AnswerLengths,
  answerLengths,
  type Lengths,
  lengthGrowth,
} from './evaluation/answer-lengths'
export { type Answer, type AnswerPromptOptions, answerPrompts, type Prompt } from './evaluation/answers'
export type { ChoiceMetrics } from './evaluation/choice-metrics'
export {
  type AnswerChange,
  compareRuns,
  type EvaluatedRun,
  type MetricChange,
  type RunComparison,
} from './evaluation/compare-runs'
export type { ContinuationOptions } from './evaluation/continuation-log-probs'
export { EvaluationError } from './evaluation/errors'
export {
  type AnswerPerplexity,
  answerPerplexity,
  type EvaluatePairsOptions,
  type EvaluateSequencesOptions,
  evaluatePairs,
  evaluateSequences,
} from './evaluation/held-out'
export {
  type AnsweredQuestion,
  type MultipleChoiceOptions,
  type MultipleChoiceResult,
  multipleChoice,
} from './evaluation/multiple-choice'
export {
  type Chart,
  type ChartPoint,
  type ChartSeries,
  chartsOf,
  type StepRecord,
  thinned,
} from './evaluation/report-charts'
export {
  type TextPerplexity,
  type TextPerplexityOptions,
  textPerplexity,
} from './evaluation/text-perplexity'
export { type ReportContent, trainingReport } from './evaluation/training-report'
export { type Judged, type WinRate, type WinRateOptions, winRate } from './evaluation/win-rate'
export { type AdapterInfo, adapterKey } from './gpu/adapter-info'
export type { Counters } from './gpu/counters'
export { dryGpu, type Journal } from './gpu/dry-gpu'
export {
  DeviceLostError,
  GpuError,
  NoAdapterError,
  OutOfMemoryError,
  ShapeError,
  ValidationError,
} from './gpu/errors'
export type { Feature } from './gpu/features'
export { Gpu } from './gpu/gpu'
export { type KernelProfile, type KernelTime, profileKernels } from './gpu/kernel-profile'
export { kernelProfileTable } from './gpu/kernel-profile-table'
export { type OpenOptions, openGpu } from './gpu/open-gpu'
export { measurePeaks, type Peaks } from './gpu/peaks'
export { Tensor } from './gpu/tensor'
export { type CachedHubOptions, cachedHubFiles, fetchModel } from './io/cached-hub-files'
export { type CachedModel, clearModels, listModels, removeModel } from './io/cached-models'
export {
  type ChatTemplate,
  type ChatTurn,
  type PieceOptions,
  type RenderOptions,
  TemplateError,
  type TemplatePiece,
  type TemplateTokens,
} from './io/chat-template'
export type { EncodedPieces, TextPiece } from './io/encode-pieces'
export { filesFromFolder } from './io/folder-files'
export { folderStore } from './io/folder-store'
export { GgufError, ggufLora } from './io/gguf-lora'
export { DamagedFileError, HubError, type HubReason, type RetryOptions } from './io/hub-error'
export type { FloatDtype } from './io/merged-files'
export {
  type ByteSource,
  filesFromDirectory,
  filesFromHub,
  filesFromList,
  filesFromUrl,
  type HubOptions,
  type ModelFiles,
  ModelFilesError,
  modelFiles,
  type UrlOptions,
} from './io/model-files'
export { type ListedFile, type ModelInfo, type ModelInfoOptions, modelInfo } from './io/model-info'
export {
  bytesText,
  type LockOptions,
  type ModelStore,
  StorageFullError,
  StoreBusyError,
} from './io/model-store'
export { WeightsError } from './io/model-weights'
export {
  alpaca,
  chatml,
  type EosOptions,
  llama3,
  type SystemOptions,
  tulu,
  vicuna,
  zephyr,
} from './io/named-templates'
export type { OnnxChoice, OnnxDtype, OnnxOptions } from './io/onnx-graph'
export { OnnxError, type OnnxRuntimeOptions } from './io/onnx-runtime'
export type { OnnxBackend } from './io/onnx-session'
export {
  defaultStore,
  type ModelSource,
  type OpenFilesOptions,
  openModelFiles,
  splitRevision,
} from './io/open-model-files'
export { hasOpfs, opfsStore } from './io/opfs-store'
export {
  type PeftAdapter,
  PeftAdapterError,
  type PeftConfig,
  readPeftAdapter,
  writePeftAdapter,
} from './io/peft-adapter'
export { type RunStore, RunStoreFullError } from './io/run-store'
export { SafetensorsError } from './io/safetensors'
export { type SentenceModules, SentenceModulesError, type TokenPooling } from './io/sentence-modules'
export { loadTokenizer, type Tokenizer, TokenizerError } from './io/tokenizer'
export { tuningCache } from './io/tuning-cache'
export { modelTemplate, withTemplate } from './io/with-template'
export { BUDGET_FORMS, parseBudget } from './job/budget-text'
export {
  CHUNK_ROWS,
  type Chunk,
  type ChunkOptions,
  type ComputedChunk,
  computeInChunks,
  type FileEntry,
  inChunks,
  type Shard,
} from './job/chunks'
export { ConfigError, nearestName } from './job/config-error'
export {
  type EvaluationSet,
  evaluateTraining,
  startingReferences,
} from './job/evaluate-training'
export { expectedOf, fieldFromText, fieldText } from './job/field-values'
export { jobTemplates } from './job/job-templates'
export { type JoinedParts, joinParts, type Part } from './job/join-parts'
export { type LoadedScorer, loadScorer } from './job/load-scorer'
export { makeLoss } from './job/make-loss'
export {
  adapterOptions,
  makeTrainable,
  makeTraining,
  type ReferenceModel,
} from './job/make-training'
export { type JobIdentity, jobIdentity, jobManifest, modelDigests, version } from './job/manifest'
export { evaluationRecord, type MetricsLine, metricsLines } from './job/metrics-lines'
export {
  type LossName,
  type LossOption,
  type Method,
  type NamedLoss,
  namedLosses,
} from './job/named-losses'
export { budgetFor, defaultJobOptions, type JobOptions } from './job/options'
export { ownId } from './job/own-columns'
export { type PairItemOptions, pairItems } from './job/pair-items'
export { PooledRow, type PoolingOptions, type RowNumbers, rowNumbers, type Texts } from './job/pooled-row'
export {
  type Recipe,
  type RecipeChange,
  type RecipeSource,
  type RecipeVariant,
  recipeChanges,
  recipeOptions,
} from './job/recipe'
export { recipes } from './job/recipes'
export { EMBEDDING, embeddingColumns, type RowColumns, rowLine, scoreColumns } from './job/row-columns'
export { rowText } from './job/row-text'
export { type SampledPairs, type SampleOptions, samplePairs } from './job/sampled-pairs'
export { columnsOf, scoreByRanks } from './job/score-columns'
export { selectRows } from './job/select-rows'
export {
  type RecordedRow,
  reasonInWords,
  type SelectionRecord,
  selectionRecord,
  selectionRecords,
  unreadableRecord,
} from './job/selection-records'
export {
  type ChangedOptions,
  changeOptions,
  completeConfig,
  fieldOf,
  parseTrainingConfig,
  parseTrainingOptions,
  type TrainingOptions,
} from './job/training-config'
export {
  dataOf,
  type LeftOut,
  type PreparedData,
  prepareData,
  type TrainingData,
} from './job/training-data'
export type {
  DataEvent,
  TrainingEvent,
  TrainingJobOptions,
  TrainingPhase,
} from './job/training-events'
export {
  applies,
  type Condition,
  defaultOf,
  type FieldValue,
  type FieldValues,
  type TrainingField,
  type WeightedLoss,
} from './job/training-field'
export {
  type FieldKey,
  fieldEntries,
  fieldGroups,
  type TrainingConfig,
  trainingFields,
} from './job/training-fields'
export { JobError, promptsOf, templated, trainingJob } from './job/training-job'
export { packsOf } from './job/training-round'
export { allTokens } from './losses/all-tokens'
export { aot } from './losses/aot'
export { aotUnpaired } from './losses/aot-unpaired'
export { apoDown } from './losses/apo-down'
export { apoZero } from './losses/apo-zero'
export { apoZeroUnpaired } from './losses/apo-zero-unpaired'
export { averaged } from './losses/averaged'
export { bcoPair } from './losses/bco-pair'
export { cdpo } from './losses/cdpo'
export { chosenSft } from './losses/chosen-sft'
export { combined } from './losses/combined'
export { type CpoOptions, cpo } from './losses/cpo'
export { dft } from './losses/dft'
export { type DiscopopOptions, discopop } from './losses/discopop'
export {
  alphaDivergence,
  type Divergence,
  forwardKl,
  jsDivergence,
  reverseKl,
} from './losses/divergence'
export { dpo } from './losses/dpo'
export { dpoNorm } from './losses/dpo-norm'
export { type DpopOptions, dpop } from './losses/dpop'
export { type DynamicBetaDpoOptions, dynamicBetaDpo } from './losses/dynamic-beta-dpo'
export { exoPair } from './losses/exo-pair'
export { hinge } from './losses/hinge'
export { ipo } from './losses/ipo'
export { kto } from './losses/kto'
export type { LabelledOptions } from './losses/labelled-term'
export { lengthDesensitized } from './losses/length-desensitized'
export {
  type AnswerSums,
  type AnswerTokens,
  type DrawKey,
  type LabelledLoss,
  type Loss,
  LossError,
  type LossTerm,
  type PairLoss,
  type SequenceLoss,
  type TokenChoice,
} from './losses/loss'
export { mpo } from './losses/mpo'
export { ncaPair } from './losses/nca-pair'
export type { DivergentOptions, PairLossOptions, SmoothedOptions } from './losses/options'
export { orpo } from './losses/orpo'
export { type RdpoOptions, rdpo } from './losses/rdpo'
export { robust } from './losses/robust'
export { type RpoOptions, rpo } from './losses/rpo'
export { type SampledOptions, sampled } from './losses/sampled'
export { type SampoOptions, sampo } from './losses/sampo'
export { sft } from './losses/sft'
export { type SimpoOptions, simpo } from './losses/simpo'
export { sppoHard } from './losses/sppo-hard'
export { wpo } from './losses/wpo'
export { answerLength, type EncodedAnswer } from './models/answer-batch'
export type { CausalNetwork, LoraMap } from './models/causal-network'
export type { EncoderNetwork } from './models/encoder-network'
export { ModelError } from './models/errors'
export { type EstimateOptions, estimateModel, type ModelEstimate } from './models/estimate-model'
export { complete, type Generated, type GenerateOptions, generate } from './models/generate'
export { generateTokens, type TokenOptions, type TokensEnd } from './models/generate-tokens'
export { GenerationError } from './models/generation-error'
export { type Encoder, loadEncoder } from './models/load-encoder'
export { type LoadModelOptions, loadModel, type Model } from './models/load-model'
export type { LoadOptions } from './models/load-network'
export { namedStorages } from './models/named-storages'
export { loadOnnxModel, type OnnxCausalModel } from './models/onnx-causal'
export { type PlanOptions, planModel } from './models/plan-model'
export { type TokenLogProbOptions, tokenLogProbs } from './models/token-log-probs'
export { f16 } from './ops/format-f16'
export { f32 } from './ops/format-f32'
export { int4 } from './ops/format-int4'
export { int8 } from './ops/format-int8'
export type { ProductProfileName } from './ops/product-profiles'
export type { DroppedProfile } from './ops/time-products'
export { type TuneOptions, type Tuning, type TuningCache, tuneGpu } from './ops/tune-products'
export type { WeightFormat } from './ops/weight-format'
export { columnScorer } from './scoring/column-scorer'
export { type Combine, geometricMean, only, over, product, weightedSum } from './scoring/combine'
export { combinedScorer } from './scoring/combined-scorer'
export {
  complexityPrompt,
  complexityScorer,
  type DeitaScorerOptions,
  deitaScorer,
  qualityPrompt,
  qualityScorer,
} from './scoring/deita'
export { type DigitScorerOptions, digitScorer } from './scoring/digit-scorer'
export {
  encodeScored,
  type ScoredOptions,
  type ScoredRows,
  type ScoredSequence,
} from './scoring/encode-scored'
export { functionScorer } from './scoring/function-scorer'
export { type IfdOptions, ifdScorer } from './scoring/ifd'
export { lengthScorer } from './scoring/length'
export {
  type AnswerPair,
  type ImplicitMarginOptions,
  implicitMargins,
  type LogProbGapOptions,
  logProbGaps,
} from './scoring/margins'
export { onnxDigitScorer } from './scoring/onnx-digit-scorer'
export { type PairRewardOptions, type PairRewards, pairRewards } from './scoring/pair-rewards'
export { type PerplexityOptions, perplexityScorer } from './scoring/perplexity'
export { chatPrompt, type PromptText, plainPrompt } from './scoring/prompt-text'
export { rankFusion } from './scoring/rank-fusion'
export { last, max, mean, ofNumbers, type Reduce, sum } from './scoring/reduce'
export {
  type ExchangeScores,
  type Missing,
  type RowExchange,
  type RowScoreOptions,
  rowExchanges,
  rowScore,
  type Score,
  type ScoredRow,
  type ScoreOptions,
  type Scorer,
  type ScorerOptions,
  score,
} from './scoring/scorer'
export { ScorerError } from './scoring/scorer-error'
export { type BetaDpoOptions, betaDpo } from './selection/beta-dpo'
export {
  type BetaDpoBatch,
  type BetaDpoFilter,
  type BetaDpoState,
  type BetaDpoWeightsOptions,
  betaDpoStart,
  betaDpoWeights,
} from './selection/beta-dpo-weights'
export type { Budget } from './selection/budget'
export { type ByLengthOptions, byLength } from './selection/by-length'
export {
  type Baseline,
  type ComparedSelection,
  type Comparison,
  compareSelections,
  type Profile,
} from './selection/compare-selections'
export { type DeitaOptions, deita } from './selection/deita'
export {
  answerSimilarities,
  type ComparedPair,
  type DissimilarAnswersOptions,
  dissimilarAnswers,
} from './selection/dissimilar-answers'
export { type DsirOptions, dsir } from './selection/dsir'
export { type ExactDuplicatesOptions, exactDuplicates } from './selection/exact-duplicates'
export { type FacilityLocationOptions, facilityLocation } from './selection/facility-location'
export type { BankOptions } from './selection/fixed-point-pool'
export { type KCenterOptions, kCenter } from './selection/k-center'
export {
  LiveSelection,
  type LiveSelectionOptions,
  type LiveSettings,
  type SimilarPair,
} from './selection/live-selection'
export { type MarginOptions, margin } from './selection/margin'
export { type MmrOptions, mmr } from './selection/mmr'
export { type NearDuplicatesOptions, nearDuplicates } from './selection/near-duplicates'
export { externalGap, implicitGap, lengthGap } from './selection/pair-gaps'
export { type PerplexityBandOptions, perplexityBand } from './selection/perplexity-band'
export type { Candidate, PairItem, Pool, PoolItem } from './selection/pool'
export { type RandomOptions, random } from './selection/random'
export type { Pins } from './selection/ranking'
export { type RdsOptions, type RdsTask, rds } from './selection/rds'
export { type RipOptions, rip, type Threshold } from './selection/rip'
export { SelectionError } from './selection/selection-error'
export {
  type Decision,
  type Outcome,
  type Selection,
  type SelectOptions,
  type Selector,
  type SelectProgress,
  select,
} from './selection/selector'
export { type SimilarLengthsOptions, similarLengths } from './selection/similar-lengths'
export { type StratifiedOptions, stratified } from './selection/stratified'
export { type SuperfilteringOptions, superfiltering } from './selection/superfiltering'
export { type TopScoreOptions, topScore } from './selection/top-score'
export { type CosineSimilarityOptions, cosineSimilarity } from './similarity/cosine-similarity'
export { cosine, dot, type Metric, negativeL1, negativeL2 } from './similarity/metric'
export {
  type NearDuplicatePair,
  type NearDuplicatePairs,
  nearDuplicatePairs,
} from './similarity/near-duplicate-pairs'
export type { Storage } from './similarity/prepare-rows'
export { type RowSource, tensorRows } from './similarity/row-source'
export { type SemanticSearchOptions, semanticSearch } from './similarity/semantic-search'
export { SimilarityBank, type SimilarityBankOptions } from './similarity/similarity-bank'
export { SimilarityError } from './similarity/similarity-error'
export type { Match } from './similarity/tested-block'
export { type Edges, type ThresholdJoinOptions, thresholdJoin } from './similarity/threshold-join'
export { type TopKOptions, topK } from './similarity/top-k'
export { type AdamWOptions, adamW } from './training/adamw'
export { adamW8bit } from './training/adamw-8bit'
export { type AnswerLogProbOptions, answerLogProbs } from './training/answer-log-probs'
export {
  type Checkpoint,
  type CheckpointState,
  holdRun,
  type LatestOptions,
  latestCheckpoint,
  removeCheckpoints,
  writeCheckpoint,
} from './training/checkpoint'
export type { CheckpointPlace } from './training/checkpoint-file'
export { dataDigest } from './training/data-digest'
export {
  type DataReport,
  type Distribution,
  type DropCount,
  dataReport,
  type Encoded,
  type PairReport,
} from './training/data-report'
export type { DropCause, DroppedExample } from './training/dropped'
export type { AnswerOptions } from './training/encode-answers'
export {
  type ConversationOptions,
  type EncodedConversation,
  encodeConversation,
} from './training/encode-conversation'
export { type EncodedLabelledAnswers, encodeLabelled } from './training/encode-labelled'
export { type EncodedPair, type EncodedPairs, encodePairs } from './training/encode-pairs'
export { type EncodedRows, encodeRows, type RowOptions } from './training/encode-rows'
export { CheckpointError, NonFiniteError, TrainingError } from './training/errors'
export { estimateTraining, type TrainingEstimate } from './training/estimate-training'
export { type EvaluateLossOptions, evaluateLoss } from './training/evaluate-loss'
export type { EncodedLabelled, EncodedSequence, Example, ExampleOf } from './training/examples'
export { type ExportedFile, type ExportOptions, exportModel } from './training/export-model'
export { checkFingerprint, type Fingerprint } from './training/fingerprint'
export { type FullWeightsOptions, fullWeights } from './training/full-weights'
export { type LionOptions, lion } from './training/lion'
export { LoraAdapter, type LoraOptions } from './training/lora-adapter'
export { mergeAdapter } from './training/merge-adapter'
export type { Metrics } from './training/metrics'
export type { PairLogProbs } from './training/micro-batch'
export type { Optimizer, OptimizerKind, Trained } from './training/optimizer'
export { packSequences } from './training/pack-sequences'
export {
  type ReferenceSource,
  type ReferenceSync,
  type References,
  startingLogProbs,
} from './training/reference'
export {
  type CachedReferenceOptions,
  cachedReferences,
  labelledReferences,
  pairReferences,
  type ReferenceKind,
  removeReferences,
} from './training/reference-cache'
export {
  constantSchedule,
  cosineSchedule,
  linearSchedule,
  type Schedule,
  type WarmUp,
  type WsdOptions,
  wsdSchedule,
} from './training/schedule'
export { type SgdOptions, sgd } from './training/sgd'
export {
  type ShownExample,
  type ShownSequence,
  type ShownToken,
  shortestExample,
  shownExample,
} from './training/shown-example'
export {
  type CheckpointOptions,
  countSteps,
  type TrainOptions,
  type TrainStep,
  train,
} from './training/train'
export type { Arena, Parameter, Trainable } from './training/trainable'
export type { LiveReference } from './training/training-program'
export {
  type CutLengths,
  type Kept,
  keepEnd,
  keepStart,
  type PromptFirstOptions,
  promptFirst,
  proportional,
  type Truncation,
} from './training/truncation'

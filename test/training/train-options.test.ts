import { describe, expect } from 'vitest'
import { apoZeroUnpaired } from '../../src/losses/apo-zero-unpaired'
import { dpo } from '../../src/losses/dpo'
import type { LabelledLoss, Loss, PairLoss } from '../../src/losses/loss'
import { sft } from '../../src/losses/sft'
import { TrainingError } from '../../src/training/errors'
import { fullWeights } from '../../src/training/full-weights'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { checkTraining, referenceSource, type TrainOptions } from '../../src/training/train-options'
import type { Trainable } from '../../src/training/trainable'
import { test } from '../gpu'
import { tinyConfig, tinyLlama } from '../tiny-llama'

const answer = { ids: Uint32Array.of(1, 2, 3, 4), answerBegin: 2 }
const pair = {
  index: 3,
  chosen: answer,
  rejected: { ...answer, ids: Uint32Array.of(1, 2, 4) },
  truncated: false,
}
const conversation = {
  index: 5,
  ids: Uint32Array.of(1, 2, 3),
  mask: Uint8Array.of(0, 0, 1),
  truncated: false,
}
const labelled = { index: 7, answer, desirable: true, truncated: false }
const withoutReference: PairLoss = {
  ...dpo(),
  name: 'free',
  terms: [{ ...dpo().terms[0]!, usesReference: false }],
}
const compared: PairLoss = { ...dpo(), terms: [{ ...dpo().terms[0]!, wholeBatch: true, name: 'sorted' }] }
const kl: LabelledLoss = { kind: 'labelled', name: 'told', beta: 1, terms: dpo().terms, kl: true }

describe('training that is not defined', () => {
  const refused: readonly (readonly [string, object, readonly object[], string])[] = [
    [
      'passes that compare examples',
      { loss: compared, accumulation: 2 },
      [pair],
      'sorted compares the examples',
    ],
    ['noise in log-ratios', { loss: dpo(), neftune: 5 }, [pair], 'neftune is for supervised training'],
    ['negative noise', { loss: sft(), neftune: -1 }, [conversation], 'neftune is -1'],
    [
      'pairs for conversations',
      { loss: sft() },
      [pair],
      'sft is trained on sequences, example 3 is of pairs',
    ],
    ['conversations for pairs', { loss: dpo() }, [conversation], 'dpo is trained on pairs, example 5'],
    ['pairs for labelled answers', { loss: kl }, [labelled, pair], 'told is trained on labelled, example 3'],
    ['nothing', { loss: sft() }, [], 'there is no conversation to train on'],
    [
      'a conversation of which only the first token is trained',
      { loss: sft() },
      [{ ...conversation, mask: Uint8Array.of(1, 0, 0) }],
      'conversation 5 of the file has no token that is trained',
    ],
    ['one answer with a KL', { loss: kl }, [labelled], 'it needs at least two'],
    ['a cached KL', { loss: kl, reference: 'cached' }, [labelled, labelled], 'cannot be cached'],
    ['a reference for nothing', { loss: sft(), reference: 'live' }, [conversation], 'sft needs no reference'],
    ['references for nothing', { loss: withoutReference, references: [] }, [pair], 'free needs no reference'],
    ['two references', { loss: dpo(), reference: 'live', references: [] }, [pair], 'only one can count'],
    ['too few references', { loss: dpo(), references: [] }, [pair], '0 reference log-probs for 1 examples'],
    [
      'references of answers that were cut elsewhere',
      { loss: dpo(), references: [{ chosen: new Float32Array(2), rejected: new Float32Array(2) }] },
      [pair],
      'example 3 of the file has 2 and 2 reference log-probs for 2 and 1 answer tokens',
    ],
    [
      'references of pairs for labelled answers',
      {
        loss: apoZeroUnpaired(),
        references: [{ chosen: new Float32Array(2), rejected: new Float32Array(1) }],
      },
      [labelled],
      'example 7 are of another kind',
    ],
    ['a rate that is no number', { loss: dpo(), learningRate: Number.NaN }, [pair], 'learningRate is NaN'],
    [
      'a token that the model does not have',
      { loss: dpo() },
      [{ ...pair, rejected: { ...answer, ids: Uint32Array.of(1, 2, 61) } }],
      "pair 3 of the file has the token 61, the model's vocabulary has 61",
    ],
    ['half a seed', { loss: dpo(), seed: 0.5 }, [pair], 'seed is 0.5, expected a whole number'],
    ['never a checkpoint', { loss: dpo(), checkpoint: { everySteps: 0 } }, [pair], 'everySteps is 0'],
    ['negative time', { loss: dpo(), checkpoint: { everySeconds: -1 } }, [pair], 'everySeconds is -1'],
    ['a pack of others', { loss: sft(), packs: [[1]] }, [conversation], 'packs hold the examples 1'],
    [
      'packs that leave one out',
      { loss: sft(), packs: [[0]] },
      [conversation, conversation],
      'of the 2 once',
    ],
    ['one in two packs', { loss: sft(), packs: [[0], [0]] }, [conversation], 'of the 1 once'],
    ['an empty pack', { loss: sft(), packs: [[0], []] }, [conversation], 'no empty pack'],
    ['half a step', { loss: dpo(), maxSteps: 0.5 }, [pair], 'maxSteps is 0.5'],
  ]
  test.for(refused)('is refused: %s', ([_, options, examples, message], { gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 2 })
    const check = () => checkTraining(adapter, examples as never, options as TrainOptions<Loss>)
    expect(check).toThrow(TrainingError)
    expect(check).toThrow(message)
  })

  test('against itself is refused, and against what it is based on is not', ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 2 })
    using weights = fullWeights(network)
    const check = (trainable: Trainable, map: LoraAdapter['map'] | null) =>
      checkTraining(trainable, [pair], { loss: dpo(), reference: { network, adapter: map } })
    expect(() => check(weights, null)).toThrow('the reference is what is trained')
    expect(() => check(adapter, adapter.map)).toThrow(TrainingError)
    check(adapter, null)
  })

  test('against a model that lacks a token, or has a shorter context, is refused', ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 2 })
    const against = (config: object) => {
      using other = tinyLlama(gpu, { ...tinyConfig, ...config })
      checkTraining(adapter, [pair], { loss: dpo(), reference: { network: other, adapter: null } })
    }
    against({ vocabulary: 5 })
    expect(() => against({ vocabulary: 4 })).toThrow("token 4, the reference model's vocabulary has 4")
    expect(() => against({ maxPositions: 3 })).toThrow("has 4 tokens, the reference model's context is 3")
  })

  test('takes the reference that the loss needs where none is named', () => {
    const of = (loss: Loss) => referenceSource({ loss })
    expect(of(dpo())).toBe('cached')
    expect(of(kl)).toBe('copy')
    expect(of(sft())).toBe(null)
    expect(of(withoutReference)).toBe(null)
  })
})

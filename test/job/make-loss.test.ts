import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { makeLoss } from '../../src/job/make-loss'
import { type LossOption, type NamedLoss, namedLosses } from '../../src/job/named-losses'
import { completeConfig, parseTrainingConfig } from '../../src/job/training-config'
import type { Loss } from '../../src/losses/loss'
import { usesReference } from '../../src/training/reference'
import { anyOptions } from './any-config'

const kinds = { sft: 'sequences', scorer: 'sequences', preference: 'pairs', labelled: 'labelled' }

const cases = Object.entries<NamedLoss>(namedLosses).flatMap(([name, loss]) =>
  loss.methods.map(method => ({ name, method, loss })),
)

/** Of pairs, `sft` may only stand in a list. */
const alone = cases.filter(({ name, method }) => !(name === 'sft' && method === 'preference'))

/** Values that are no loss's defaults. */
const values: Record<LossOption, unknown> = {
  beta: 0.25,
  labelSmoothing: 0.25,
  divergence: 'forward-kl',
  tokens: 'sampled',
  draw: 'independent',
  ldAlpha: 0.25,
  wpo: true,
  discopopTau: 0.25,
  gamma: 0.25,
  cpoKind: 'hinge',
  cpoAlpha: 0.25,
  rpoAlpha: 0.25,
  dpopLambda: 5,
  lengthAlpha: 0.25,
  betaScale: 0.25,
  betaMomentum: 0.25,
  betaDrop: 0.5,
  desirableWeight: 0.25,
  undesirableWeight: 0.25,
}

describe('makeLoss', () => {
  it.each(alone)('makes $name for the method $method', ({ name, method, loss }) => {
    const config = parseTrainingConfig({ method, loss: name, accumulation: 1 })
    const made = makeLoss(config)
    expect(made.kind).toBe(kinds[method])
    expect(usesReference(made)).toBe(loss.reference)
    expect(config.reference !== undefined).toBe(loss.reference)
  })

  it.each(alone)('hands every option of $name on', ({ name, method, loss }) => {
    const made = (options: object) =>
      deeds(makeLoss(parseTrainingConfig({ method, loss: name, accumulation: 1, ...options })))
    for (const option of loss.options)
      expect(made({ [option]: values[option] }), option).not.toEqual(made({}))
  })

  it.each([
    [{ loss: 'hinge', tokens: 'sampled' }, { draw: 'mean' }],
    [{ loss: 'ipo', tokens: 'length-desensitized' }, { ldAlpha: 0.25 }],
    [{ loss: 'cpo', cpoKind: 'simpo' }, { gamma: 0.25 }],
    [{ loss: 'dpo', divergence: 'alpha-divergence' }, { divergenceAlpha: 0.25 }],
    [{ loss: 'dpo' }, { divergence: 'js-divergence' }],
    [{ loss: 'beta-dpo', accumulation: 1 }, { seed: 7 }],
  ])('hands on of %j what %j adds', (options, more) => {
    const [without, withMore] = [options, { ...options, ...more }].map(json =>
      deeds(makeLoss(parseTrainingConfig(json))),
    )
    expect(withMore).not.toEqual(without)
  })

  it('adds up a list with its weights, and weighs only losses of single pairs', () => {
    const loss = makeLoss(parseTrainingConfig({ loss: 'dpo:0.8,bco-pair:0.2,sft', wpo: true }))
    expect(loss.terms.map(({ name, weight }) => [name, weight])).toEqual([
      ['wpo sigmoid', 0.8],
      ['wpo bco_pair', 0.2],
      ['nll', 1],
    ])
    expect(makeLoss(parseTrainingConfig({ loss: 'dpo:2' })).terms[0]!.weight).toBe(2)
  })

  it('makes one of every config', () => {
    fc.assert(
      fc.property(anyOptions, options => {
        const config = completeConfig(options)
        const made = makeLoss(config)
        expect(made.kind).toBe(kinds[config.method])
        expect(usesReference(made)).toBe(config.reference !== undefined)
      }),
      { numRuns: 100 },
    )
  })
})

/** All that a loss is, and would do to a GPU. */
function deeds(loss: Loss): unknown[] {
  const [N, S, R] = [4, loss.kind === 'pairs' ? 8 : 4, 16]
  const journal: unknown[] = []
  using gpu = dryGpu({}, entry => journal.push(typeof entry === 'string' ? entry : entry.slice()))
  for (const { run, tokens, ...term } of loss.terms) {
    const key = { seed: 0, epoch: 0, example: 0 }
    journal.push({ ...loss, ...term, terms: null }, tokens.weigh(3, 7, key), tokens.weigh(9, 5, key))
    run(gpu, {
      policy: gpu.empty([R]),
      reference: gpu.empty([R]),
      weights: gpu.empty([R, 2]),
      spans: gpu.empty([S, 2], 'u32'),
      lengths: gpu.empty([S]),
      scale: gpu.empty([1]),
      statistics: gpu.empty([S, 8]),
      labels: gpu.empty([N]),
      kl: gpu.empty([1]),
      state: term.state && gpu.empty([term.state.length]),
      values: gpu.empty([N]),
      gradient: gpu.empty([R]),
    })
  }
  gpu.submit()
  return journal.filter(entry => typeof entry !== 'function')
}

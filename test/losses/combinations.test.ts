import { describe, expect, it } from 'vitest'
import document from '../../docs/losses.md?raw'
import { aot } from '../../src/losses/aot'
import { aotUnpaired } from '../../src/losses/aot-unpaired'
import { apoDown } from '../../src/losses/apo-down'
import { apoZero } from '../../src/losses/apo-zero'
import { apoZeroUnpaired } from '../../src/losses/apo-zero-unpaired'
import { bcoPair } from '../../src/losses/bco-pair'
import { cdpo } from '../../src/losses/cdpo'
import { chosenSft } from '../../src/losses/chosen-sft'
import { combined } from '../../src/losses/combined'
import { cpo } from '../../src/losses/cpo'
import { dft } from '../../src/losses/dft'
import { discopop } from '../../src/losses/discopop'
import { alphaDivergence, forwardKl } from '../../src/losses/divergence'
import { dpo } from '../../src/losses/dpo'
import { dpoNorm } from '../../src/losses/dpo-norm'
import { dpop } from '../../src/losses/dpop'
import { dynamicBetaDpo } from '../../src/losses/dynamic-beta-dpo'
import { exoPair } from '../../src/losses/exo-pair'
import { hinge } from '../../src/losses/hinge'
import { ipo } from '../../src/losses/ipo'
import { kto } from '../../src/losses/kto'
import { type Loss, LossError, type PairLoss } from '../../src/losses/loss'
import { mpo } from '../../src/losses/mpo'
import { ncaPair } from '../../src/losses/nca-pair'
import { orpo } from '../../src/losses/orpo'
import { rdpo } from '../../src/losses/rdpo'
import { robust } from '../../src/losses/robust'
import { rpo } from '../../src/losses/rpo'
import { sampled } from '../../src/losses/sampled'
import { sampo } from '../../src/losses/sampo'
import { sft } from '../../src/losses/sft'
import { simpo } from '../../src/losses/simpo'
import { sppoHard } from '../../src/losses/sppo-hard'
import { wpo } from '../../src/losses/wpo'

/** Every loss with a β, by name. */
const losses = {
  ...{
    aot,
    aotUnpaired,
    apoDown,
    apoZero,
    apoZeroUnpaired,
    bcoPair,
    cdpo,
    chosenSft,
    cpo,
    discopop,
    dpo,
    dpoNorm,
    dpop,
  },
  ...{
    dynamicBetaDpo,
    exoPair,
    hinge,
    ipo,
    kto,
    mpo,
    ncaPair,
    orpo,
    rdpo,
    robust,
    rpo,
    sampo,
    simpo,
    sppoHard,
  },
} as Record<string, (options?: object) => { readonly beta: number }>

/** Those over a margin of scores, as in TRL. */
const divergent = ['cdpo', 'discopop', 'dpo', 'dpoNorm', 'exoPair', 'hinge', 'ipo', 'robust', 'rpo']
const smoothed = ['aot', 'aotUnpaired', 'cdpo', 'cpo', 'exoPair', 'robust', 'simpo']

const refused = (make: () => unknown, ...words: readonly string[]) => {
  expect(make).toThrow(LossError)
  for (const word of words) expect(make).toThrow(word)
}

describe.each(Object.entries(losses))('%s', (name, loss) => {
  it('takes a β above 0 and nothing else for it', () => {
    expect(loss({ beta: 0.3 }).beta).toBe(0.3)
    for (const beta of [0, -0.1, Number.NaN, Infinity]) refused(() => loss({ beta }), 'beta', String(beta))
  })

  it('has its defaults where nothing is given, and where undefined is', () => {
    expect(loss({ beta: undefined }).beta).toBe(loss().beta)
  })

  it('takes a divergence where TRL does, and names what it takes where not', () => {
    const make = () => loss({ divergence: forwardKl })
    if (divergent.includes(name)) expect(make).not.toThrow()
    else refused(make, 'divergence', 'beta')
  })

  it('takes a share of wrong labels below a half where it has one', () => {
    const make = (labelSmoothing: number) => () => loss({ labelSmoothing })
    if (smoothed.includes(name)) {
      expect(make(0.3)).not.toThrow()
      for (const share of [-0.1, 0.5, 1, Number.NaN]) refused(make(share), 'labelSmoothing')
    } else refused(make(0.1), 'labelSmoothing')
  })

  it('has a line in the tables of its document', () => {
    expect(document).toMatch(new RegExp(`^\\| \`${name}\` \\|`, 'm'))
  })

  it('refuses what it does not know', () => {
    refused(() => loss({ lossType: 'hinge' }), 'lossType')
  })
})

describe('options out of their range', () => {
  it.each([
    ['exoPair without smoothing', () => exoPair({ labelSmoothing: 0 })],
    ['discopop', () => discopop({ tau: 0 })],
    ['dpop', () => dpop({ penalty: -1 })],
    ['rdpo', () => rdpo({ alpha: -1 })],
    ['rpo', () => rpo({ alpha: Number.NaN })],
    ['dynamicBetaDpo, momentum', () => dynamicBetaDpo({ momentum: 1 })],
    ['dynamicBetaDpo, drop', () => dynamicBetaDpo({ drop: 1 })],
    ['dynamicBetaDpo, seed', () => dynamicBetaDpo({ seed: 0.5 })],
    ['kto', () => kto({ desirableWeight: -1 })],
    ['cpo, γ', () => cpo({ gamma: 0.5 })],
    ['cpo, smoothing', () => cpo({ kind: 'hinge', labelSmoothing: 0.1 })],
    // @ts-expect-error: not one of its kinds
    ['cpo, kind', () => cpo({ kind: 'nca' })],
    // @ts-expect-error: not one of its draws
    ['sampo, draw', () => sampo({ draw: 'some' })],
    // @ts-expect-error: of drawn tokens both answers have as many, so that nothing is left of its penalty
    ['rdpo, tokens', () => rdpo({ tokens: sampled() })],
    ['alphaDivergence', () => alphaDivergence({ alpha: Infinity })],
  ])('%s', (_, make) => refused(make))
})

describe('combined', () => {
  it('has the terms of all, each with its weight, and the β of the first', () => {
    const loss = combined([
      [rpo({ beta: 0.2, alpha: 0.5 }), 2],
      [orpo(), 3],
    ])
    expect(loss.terms.map(({ name, weight }) => [name, weight])).toEqual([
      ['sigmoid', 2],
      ['nll', 1],
      ['orpo', 3],
      ['nll', 3],
    ])
    expect(loss).toMatchObject({ kind: 'pairs', beta: 0.2, name: '2 rpo + 3 orpo' })
    expect(loss.averaged).toBeUndefined()
    expect(loss.terms.map(({ prompt }) => prompt)).toEqual([false, false, false, true])
  })

  it('asks for mismatched answers if one of them does', () => {
    expect(combined([[kto(), 1]]).kl).toBe(true)
  })

  it('needs one loss at least, of one kind, with weights', () => {
    // The types refuse these; a caller without types gets the same answer.
    const mixed = (...list: readonly (readonly [Loss, number])[]) => combined(list as never)
    refused(() => combined([] as readonly (readonly [PairLoss, number])[]), 'empty')
    refused(() => combined([[dpo(), Number.NaN]]), 'dpo', 'NaN')
    refused(() => mixed([dpo(), 1], [sft(), 1]), 'pairs', 'sequences', 'chosenSft')
    refused(() => mixed([kto(), 1], [dft(), 1]), 'labelled', 'sequences')
  })
})

describe('wpo', () => {
  it('weighs the pairs of every loss that has any', () => {
    expect(
      wpo(
        combined([
          [dpo(), 1],
          [bcoPair(), 0.5],
        ]),
      ).terms.map(({ name }) => name),
    ).toEqual(['wpo sigmoid', 'wpo bco_pair'])
  })

  it('refuses what it cannot weigh by pair', () => {
    refused(() => wpo(aot()), 'aot')
    refused(() => wpo(aotUnpaired()), 'aot-unpaired')
    refused(() => wpo(dynamicBetaDpo()), 'beta-dpo')
    refused(() => wpo(rpo()), 'nll', 'rpo', 'combined')
    refused(() => wpo(wpo(dpo())), 'already')
  })
})

import {
  add,
  constant,
  type Dual,
  logOdds,
  mul,
  negLogSigmoid,
  plus,
  powerScore,
  relu,
  risingExponential,
  scale,
  sigmoid,
  square,
  sub,
} from './losses-dual'

/** One answer: weighted sums of its tokens, and its length in tokens. */
export interface Answer {
  readonly policy: number
  readonly ratio: number
  readonly length: number
}

/** The same with slopes by the policy's sums. */
interface Side {
  readonly policy: Dual
  readonly ratio: Dual
  readonly length: number
}

/** A loss of a pair, with its slopes by the sums of the chosen and of the rejected answer. */
export type PairTwin = (chosen: Answer, rejected: Answer) => Dual

const twin =
  (loss: (chosen: Side, rejected: Side) => Dual): PairTwin =>
  (chosen, rejected) => {
    const side = ({ policy, ratio, length }: Answer, slopes: readonly [number, number]): Side => ({
      policy: { value: policy, slopes },
      ratio: { value: ratio, slopes },
      length,
    })
    return loss(side(chosen, [1, 0]), side(rejected, [0, 1]))
  }

type Score = (ratio: Dual) => Dual

export const scores = {
  reverseKl: (x => x) as Score,
  forwardKl: (x => powerScore(x, -1)) as Score,
  jsDivergence: (x => sub(constant(Math.LN2), negLogSigmoid(x))) as Score,
  alphaDivergence:
    (alpha: number): Score =>
    x =>
      powerScore(x, alpha - 1),
}

const smoothed = (h: Dual, epsilon: number) =>
  add(scale(negLogSigmoid(h), 1 - epsilon), scale(negLogSigmoid(scale(h, -1)), epsilon))

const margin = (score: Score, chosen: Side, rejected: Side) => sub(score(chosen.ratio), score(rejected.ratio))

const meanMargin = (score: Score, chosen: Side, rejected: Side) =>
  sub(scale(score(chosen.ratio), 1 / chosen.length), scale(score(rejected.ratio), 1 / rejected.length))

export const cdpo = (beta: number, epsilon: number, score = scores.reverseKl): PairTwin =>
  twin((c, r) => smoothed(scale(margin(score, c, r), beta), epsilon))

export const robust = (beta: number, epsilon: number, score = scores.reverseKl): PairTwin =>
  twin((c, r) => {
    const h = scale(margin(score, c, r), beta)
    const clean = scale(negLogSigmoid(h), 1 - epsilon)
    const flipped = scale(negLogSigmoid(scale(h, -1)), epsilon)
    return scale(sub(clean, flipped), 1 / (1 - 2 * epsilon))
  })

export const hinge = (beta: number, score = scores.reverseKl): PairTwin =>
  twin((c, r) => relu(plus(scale(margin(score, c, r), -beta), 1)))

export const ipo = (beta: number, score = scores.reverseKl): PairTwin =>
  twin((c, r) => square(plus(meanMargin(score, c, r), -1 / (2 * beta))))

export const dpoNorm = (beta: number, score = scores.reverseKl): PairTwin =>
  twin((c, r) => negLogSigmoid(scale(meanMargin(score, c, r), beta)))

export const exoPair = (beta: number, epsilon: number, score = scores.reverseKl): PairTwin =>
  twin((c, r) => {
    const h = scale(margin(score, c, r), beta)
    const against = (x: Dual, share: number) =>
      mul(sigmoid(x), plus(scale(negLogSigmoid(x), -1), -Math.log(share)))
    return add(against(h, 1 - epsilon), against(scale(h, -1), epsilon))
  })

export const discopop = (beta: number, tau: number, score = scores.reverseKl): PairTwin =>
  twin((c, r) => {
    const h = scale(margin(score, c, r), beta)
    return add(mul(negLogSigmoid(h), sigmoid(scale(h, -1 / tau))), risingExponential(h, tau))
  })

export const ncaPair = (beta: number): PairTwin =>
  twin((c, r) => {
    const [a, b] = [scale(c.ratio, beta), scale(r.ratio, beta)]
    const either = add(negLogSigmoid(scale(a, -1)), negLogSigmoid(scale(b, -1)))
    return add(negLogSigmoid(a), scale(either, 0.5))
  })

export const bcoPair = (beta: number): PairTwin =>
  twin((c, r) => add(negLogSigmoid(scale(c.ratio, beta)), negLogSigmoid(scale(r.ratio, -beta))))

export const sppoHard = (beta: number): PairTwin =>
  twin((c, r) => add(square(plus(c.ratio, -1 / (2 * beta))), square(plus(r.ratio, 1 / (2 * beta)))))

export const apoZero = (beta: number): PairTwin =>
  twin((c, r) => add(sigmoid(scale(c.ratio, -beta)), sigmoid(scale(r.ratio, beta))))

export const apoDown = (beta: number): PairTwin =>
  twin((c, r) => add(sigmoid(scale(c.ratio, beta)), sigmoid(scale(sub(c.ratio, r.ratio), -beta))))

export const dpop = (beta: number, penalty: number): PairTwin =>
  twin((c, r) => {
    const below = relu(scale(c.ratio, -1))
    return negLogSigmoid(scale(sub(sub(c.ratio, r.ratio), scale(below, penalty)), beta))
  })

export const rdpo = (beta: number, alpha: number): PairTwin =>
  twin((c, r) => negLogSigmoid(plus(scale(sub(c.ratio, r.ratio), beta), alpha * (c.length - r.length))))

export const simpo = (beta: number, gamma: number, epsilon: number): PairTwin =>
  twin((c, r) => {
    const means = sub(scale(c.policy, 1 / c.length), scale(r.policy, 1 / r.length))
    return smoothed(plus(scale(means, beta), -gamma), epsilon)
  })

export const orpo = (beta: number): PairTwin =>
  twin((c, r) => {
    const odds = (side: Side) => logOdds(scale(side.policy, 1 / side.length))
    return scale(negLogSigmoid(sub(odds(c), odds(r))), beta)
  })

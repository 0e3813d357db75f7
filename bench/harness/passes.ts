/** What an operator's subject measures of it: the result alone, or the gradients of its inputs too. */
export const PASSES = ['forward', 'forward+backward'] as const
export type Pass = (typeof PASSES)[number]

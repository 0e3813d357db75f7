import { type LoadedScorer, loadScorer, type Model, type ModelFiles } from '../index'

/** A way to score that people can name. */
export interface NamedScorer {
  readonly summary: string
  open(model: Model, files: ModelFiles): Promise<LoadedScorer>
}

export const scorers: Readonly<Record<string, NamedScorer>> = {
  deita: {
    summary: "Deita's complexity and quality",
    open: loadScorer,
  },
}

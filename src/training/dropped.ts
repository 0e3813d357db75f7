/** Why an example cannot be trained on; each says more in its `reason`. */
export type DropCause =
  | 'template refuses it'
  | 'tokenizer refuses it'
  | 'prompt too long'
  | 'no answer token'
  | 'same answers'

/** An example that is left out of training. */
export interface DroppedExample {
  /** Its position in its file. */
  readonly index: number
  /** What it is counted under. */
  readonly cause: DropCause
  readonly reason: string
}

/** Why one of several encoded texts was left out, for an encoder that does not know its place. */
export type Drop = Omit<DroppedExample, 'index'>

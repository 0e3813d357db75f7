/** A model that cannot be loaded: unknown kind, missing or misshapen weights, an option we do not compute. */
export class ModelError extends Error {
  override name = 'ModelError'
}

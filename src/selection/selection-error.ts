/** Settings or a pool that nothing can be selected with. */
export class SelectionError extends Error {
  override name = 'SelectionError'
}

import type { HubPlace } from './model-protocol'

/** Set by the build: the Hub, or the mirror of it, that the page's content security policy lets it ask. */
declare const HUB_ENDPOINT: string

export const endpoint = HUB_ENDPOINT

/** Adapters that make a model a scorer; of a model that has them they come along. */
const isScorer = (path: string) =>
  /^(?:complexity|quality)\/adapter_(?:config\.json|model\.safetensors)$/.test(path)

/** How the Hub is asked for a model. */
export const hubOptions = ({ revision, token }: Pick<HubPlace, 'revision' | 'token'>) => ({
  endpoint,
  include: isScorer,
  ...(revision === null ? {} : { revision }),
  ...(token === null ? {} : { token }),
})

import { actions } from './cache-actions'

globalThis.onmessage = async ({
  data: [name, ...given],
}: MessageEvent<[keyof typeof actions, ...unknown[]]>) => {
  postMessage(await Reflect.apply(actions[name], actions, given))
}

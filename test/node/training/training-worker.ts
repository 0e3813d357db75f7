import { trainKept } from './training-actions'

globalThis.onmessage = ({ data }: MessageEvent<string>) => trainKept(data, line => postMessage(line))

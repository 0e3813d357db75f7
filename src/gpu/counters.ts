/** What has been created and done since the device was opened. Tests hold the replay law with these. */
export interface Counters {
  buffers: number
  bindGroups: number
  pipelines: number
  submits: number
  dispatches: number
}

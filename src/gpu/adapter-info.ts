/** What the system says about the adapter, and whether its work runs on the CPU. */
export interface AdapterInfo {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  readonly software: boolean
}

/** The adapter's name for people. */
export const adapterName = ({ vendor, architecture, device, description }: AdapterInfo): string =>
  [vendor, architecture, device, description].filter(Boolean).join(' ') || 'unnamed adapter'

/** What the system says about the adapter, and whether its work runs on the CPU. */
export interface AdapterInfo {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  /** Fewest and most invocations of a subgroup; 0 where the system does not say. */
  readonly subgroupMinSize: number
  readonly subgroupMaxSize: number
  readonly software: boolean
}

type Names = Pick<AdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'>

/** The adapter's name for people. */
export const adapterName = ({
  vendor,
  architecture,
  device,
  description,
}: Names & Partial<AdapterInfo>): string =>
  [vendor, architecture, device, description].filter(Boolean).join(' ') || 'unnamed adapter'

/** All that is known of the adapter in one line, for remembering what suits it: equal adapters have equal keys. */
export const adapterKey = (info: AdapterInfo): string =>
  [
    ...[info.vendor, info.architecture, info.device, info.description].map(encodeURIComponent),
    `${info.subgroupMinSize}-${info.subgroupMaxSize}`,
  ].join('|')

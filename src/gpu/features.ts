/**
 * What a device may have beyond the default. Nothing needs any of these: each has a path without it.
 * `immediates` are parameters inside the commands, in place of a uniform buffer: WGSL's `immediate_address_space`.
 */
export type Feature = 'shader-f16' | 'subgroups' | 'timestamp-query' | 'immediates'

/** Those that a device must be asked for. */
export const DEVICE_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const

/** The WGSL directive that a shader begins with to use a feature. */
export const DIRECTIVES: Readonly<Record<Feature, string | null>> = {
  'shader-f16': 'enable f16;',
  subgroups: 'enable subgroups;',
  'timestamp-query': null,
  immediates: 'requires immediate_address_space;',
}

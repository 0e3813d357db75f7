import { version } from '../../package.json'

declare const __COMMIT__: string
declare const __PEERS__: Versions

/** What ran: names and versions. */
export type Versions = Readonly<Record<string, string>>

/** This library's, and the commit that was built. */
export const ourVersion = __COMMIT__ ? `${version} (${__COMMIT__})` : version

/** Of the peers' packages when the bench was built. */
export const peerVersions = __PEERS__

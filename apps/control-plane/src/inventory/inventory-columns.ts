/**
 * The columns of an inventory file, by the names the public API's guide gives them. `mgn:wave:tag:KEY` and
 * the like are families; a column that does not begin with `mgn:` is somebody's own and is passed over.
 */

/** What a column is about, and which of its properties. */
export type Column =
  | { readonly about: 'row'; readonly property: 'account-id' | 'region' }
  | { readonly about: 'wave' | 'app'; readonly property: 'id' | 'name' | 'description' }
  | {
      readonly about: 'server';
      readonly property: 'id' | 'user-provided-id' | 'platform' | 'fqdn-for-action-framework';
    }
  | { readonly about: 'wave' | 'app' | 'server'; readonly property: 'tag'; readonly key: string }
  | { readonly about: 'launch'; readonly property: string };

const PLAIN: Readonly<Record<string, Column>> = {
  'mgn:account-id': { about: 'row', property: 'account-id' },
  'mgn:region': { about: 'row', property: 'region' },
  'mgn:wave:id': { about: 'wave', property: 'id' },
  'mgn:wave:name': { about: 'wave', property: 'name' },
  'mgn:wave:description': { about: 'wave', property: 'description' },
  'mgn:app:id': { about: 'app', property: 'id' },
  'mgn:app:name': { about: 'app', property: 'name' },
  'mgn:app:description': { about: 'app', property: 'description' },
  'mgn:server:id': { about: 'server', property: 'id' },
  'mgn:server:user-provided-id': { about: 'server', property: 'user-provided-id' },
  'mgn:server:platform': { about: 'server', property: 'platform' },
  'mgn:server:fqdn-for-action-framework': { about: 'server', property: 'fqdn-for-action-framework' },
};

/** Behind `mgn:launch:`. */
const LAUNCH: readonly RegExp[] = [
  /^instance-type$/,
  /^iam-instance-profile:name$/,
  /^transfer-server-tags$/,
  /^placement:(host-id|tenancy|operating-system-licensing)$/,
  /^nic:\d{1,2}:(network-interface-id|subnet-id|security-group-id:\d{1,2}|private-ip:\d{1,2})$/,
  /^volume:.+:type$/,
  /^tag:instance:.+$/,
];

/** Every plain column in the order in which they are written. */
export const PLAIN_COLUMNS: readonly string[] = Object.keys(PLAIN);

/** `undefined` for a name that begins with `mgn:` and is none; `'ignored'` for anybody's own column. */
export function readColumn(name: string): Column | 'ignored' | undefined {
  if (!name.startsWith('mgn:')) return 'ignored';
  if (Object.hasOwn(PLAIN, name)) return PLAIN[name];
  const tag = /^mgn:(wave|app|server):tag:(.+)$/s.exec(name);
  if (tag !== null) return { about: tag[1] as 'wave' | 'app' | 'server', property: 'tag', key: tag[2] ?? '' };
  const launch = /^mgn:launch:(.+)$/s.exec(name)?.[1];
  if (launch === undefined || !LAUNCH.some((pattern) => pattern.test(launch))) return undefined;
  return { about: 'launch', property: launch };
}

export function tagColumn(about: 'wave' | 'app' | 'server', key: string): string {
  return `mgn:${about}:tag:${key}`;
}

export function launchColumn(property: string): string {
  return `mgn:launch:${property}`;
}

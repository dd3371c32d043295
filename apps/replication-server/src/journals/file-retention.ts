/**
 * Which recovery points are kept where nothing else was put: `retention.json` in the state folder, read when
 * the program starts. Without it every server has the built-in tiers.
 *
 *     { "default": [{ "everyMs": 0, "forMs": 3600000 }, …], "servers": { "s-1": […] }, "thinEveryMs": 60000 }
 *
 * What was put through the API wins over the file, and what is said of one server over what is said of all:
 * see `RETENTION_ORIGINS`.
 */
import { join } from 'node:path';
import { checkTiers, type RetentionSettings } from '@landfall/journal';
import {
  RETENTION_DEFAULT,
  type RetentionInForce,
  type RetentionTier,
  type RetentionWish,
} from '@landfall/model';
import { OperationError, readIfExists } from '@landfall/runtime';

interface RetentionFile {
  readonly default?: readonly RetentionTier[];
  readonly servers?: { readonly [sourceServerId: string]: readonly RetentionTier[] };
  /** Points go up to so much later than their tier says: each time the list of all of them is written. */
  readonly thinEveryMs?: number;
}

/** Which points of a server are kept, by what was put of it, and who says so. */
export type RetentionOf = (
  sourceServerId: string,
  wish: RetentionWish | undefined,
) => RetentionSettings & RetentionInForce;

const FILE_NAME = 'retention.json';

/** Resolves to the settings by server. Errors: STATE_UNREADABLE. */
export async function readRetention(stateFolder: string): Promise<RetentionOf> {
  const path = join(stateFolder, FILE_NAME);
  const text = await readIfExists(path);
  if (text === undefined) return retentionBy({});
  try {
    const file: RetentionFile = JSON.parse(text);
    for (const tiers of [file.default ?? RETENTION_DEFAULT, ...Object.values(file.servers ?? {})])
      checkTiers(tiers);
    const { thinEveryMs } = file;
    if (thinEveryMs !== undefined && !(thinEveryMs >= 0)) throw new RangeError(`thinEveryMs: ${thinEveryMs}`);
    return retentionBy(file);
  } catch (cause) {
    throw new OperationError('STATE_UNREADABLE', `${path} does not say which recovery points to keep`, {
      hint: 'each tier is { everyMs, forMs }, in ascending order; each interval is a multiple of that before',
      cause,
    });
  }
}

export function retentionBy({ default: fileDefault, servers = {}, thinEveryMs }: RetentionFile): RetentionOf {
  const ofServers = new Map(Object.entries(servers));
  const thinning = thinEveryMs === undefined ? {} : { thinEveryMs };
  return (sourceServerId, wish) => {
    const said: readonly (readonly [RetentionInForce['origin'], readonly RetentionTier[] | undefined])[] = [
      ['SERVER', wish?.own],
      ['SERVER_FILE', ofServers.get(sourceServerId)],
      ['DEFAULT', wish?.default],
      ['DEFAULT_FILE', fileDefault],
    ];
    for (const [origin, tiers] of said) if (tiers !== undefined) return { origin, tiers, ...thinning };
    return { origin: 'BUILT_IN', tiers: RETENTION_DEFAULT, ...thinning };
  };
}

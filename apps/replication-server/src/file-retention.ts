/**
 * Which recovery points are kept: `retention.json` in the state folder, read when the program starts. Without
 * it every server has the default tiers.
 *
 *     { "default": [{ "everyMs": 0, "forMs": 3600000 }, …], "servers": { "s-1": […] }, "thinEveryMs": 60000 }
 */
import { join } from 'node:path';
import { checkTiers, type RetentionSettings } from '@landfall/journal';
import { RETENTION_DEFAULT, type RetentionTier } from '@landfall/model';
import { OperationError, readIfExists } from '@landfall/runtime';

interface RetentionFile {
  readonly default?: readonly RetentionTier[];
  readonly servers?: { readonly [sourceServerId: string]: readonly RetentionTier[] };
  /** Points go up to so much later than their tier says: each time the list of all of them is written. */
  readonly thinEveryMs?: number;
}

const FILE_NAME = 'retention.json';

/** Resolves to the settings by server. Errors: STATE_UNREADABLE. */
export async function readRetention(
  stateFolder: string,
): Promise<(sourceServerId: string) => RetentionSettings> {
  const path = join(stateFolder, FILE_NAME);
  const text = await readIfExists(path);
  if (text === undefined) return () => ({ tiers: RETENTION_DEFAULT });
  try {
    const file: RetentionFile = JSON.parse(text);
    const tiers = file.default ?? RETENTION_DEFAULT;
    const servers = new Map(Object.entries(file.servers ?? {}));
    for (const some of [tiers, ...servers.values()]) checkTiers(some);
    const { thinEveryMs } = file;
    if (thinEveryMs !== undefined && !(thinEveryMs >= 0)) throw new RangeError(`thinEveryMs: ${thinEveryMs}`);
    const thinning = thinEveryMs === undefined ? {} : { thinEveryMs };
    return (sourceServerId) => ({ tiers: servers.get(sourceServerId) ?? tiers, ...thinning });
  } catch (cause) {
    throw new OperationError('STATE_UNREADABLE', `${path} does not say which recovery points to keep`, {
      hint: 'each tier is { everyMs, forMs }, in ascending order; each interval is a multiple of that before',
      cause,
    });
  }
}

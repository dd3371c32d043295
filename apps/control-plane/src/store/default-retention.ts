/** The tiers that were put as the default of all servers. */
import type { RetentionTier } from '@landfall/model';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';
import { readSetting, writeSetting } from './settings.ts';

/** What events of it are about. */
export const DEFAULT_RETENTION_ID = 'default';

interface Stored {
  readonly tiers?: readonly RetentionTier[];
}

/** `undefined`: none was put, or it was taken away. */
export async function readDefaultRetention(db: Queries): Promise<readonly RetentionTier[] | undefined> {
  const text = await readSetting(db, 'retention');
  return text === undefined ? undefined : decodeDocument<Stored>(text).tiers;
}

export async function writeDefaultRetention(
  db: Queries,
  tiers: readonly RetentionTier[] | undefined,
): Promise<void> {
  const stored: Stored = tiers === undefined ? {} : { tiers };
  await writeSetting(db, 'retention', encodeDocument(stored));
}

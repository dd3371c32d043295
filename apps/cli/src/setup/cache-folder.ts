import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * What is built once and kept: LANDFALL_CACHE_DIR, else the user's cache folder. Safe to delete at any
 * time.
 */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return process.env.LANDFALL_CACHE_DIR ?? join(base, 'landfall');
}

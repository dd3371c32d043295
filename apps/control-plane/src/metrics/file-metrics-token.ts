/** The bearer token that Prometheus shows: a file of the state folder, made when it is missing. */
import { join } from 'node:path';
import { type Random, readIfExists, writeDurably } from '@landfall/runtime';

const FILE = 'metrics-token';
const TOKEN_BYTES = 32;

export async function loadMetricsToken(stateDir: string, random: Random): Promise<string> {
  const path = join(stateDir, FILE);
  const known = (await readIfExists(path))?.trim() ?? '';
  if (known !== '') return known;
  const token = random.bytes(TOKEN_BYTES).toString('base64url');
  await writeDurably(path, `${token}\n`);
  return token;
}

/** Our machine sizes with those of the operator's file, when there is one. */
import { join } from 'node:path';
import { readIfExists } from '@landfall/runtime';
import { type MachineSizes, OUR_SIZES, withOperatorSizes } from './machine-sizes.ts';

export async function loadMachineSizes(stateDir: string): Promise<MachineSizes> {
  const path = join(stateDir, 'machine-sizes.json');
  const text = await readIfExists(path);
  return text === undefined ? OUR_SIZES : withOperatorSizes(text, path);
}

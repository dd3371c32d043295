/** Scripts whose good end is a sign of life: they run in the machine of a proof as post-launch scripts do. */
import { ApiError } from '@landfall/api';
import type { PostLaunchScript, SignOfLife } from '@landfall/channel';
import { OperationError } from '@landfall/runtime';
import { fillParameters, renderScript } from '../actions/script-document.ts';
import { requireDocument } from '../actions/script-library.ts';
import type { BootProofRecord } from '../store/boot-proofs.ts';
import type { Queries } from '../store/schema.ts';

type Proof = Pick<BootProofRecord, 'signsOfLife' | 'lifeTimeoutSeconds'>;

/** In their latest versions. Errors: POST_LAUNCH_INVALID. */
export async function scriptsOf(
  db: Queries,
  { signsOfLife, lifeTimeoutSeconds }: Proof,
): Promise<readonly PostLaunchScript[]> {
  const scripts: PostLaunchScript[] = [];
  for (const sign of signsOfLife) {
    if (sign.kind !== 'SCRIPT') continue;
    const document = await requireDocument(db, sign.script, undefined);
    const order = scripts.length + 1;
    scripts.push({
      ...{ actionId: `sign-${order}`, name: sign.script, order },
      ...{ script: renderScript(document.script), parameters: fillParameters(document, {}) },
      ...{ timeoutSeconds: lifeTimeoutSeconds, mustSucceed: false },
    });
  }
  return scripts;
}

/** Errors: ValidationException for a script that is not there, or cannot be run without parameters. */
export async function requireRunnable(db: Queries, signsOfLife: readonly SignOfLife[]): Promise<void> {
  try {
    await scriptsOf(db, { signsOfLife, lifeTimeoutSeconds: 1 });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    throw ApiError.validation(error.message, {
      reason: 'fieldValidationFailed',
      fieldList: [{ name: 'signsOfLife', message: error.message }],
    });
  }
}

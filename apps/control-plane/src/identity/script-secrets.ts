/**
 * Values of secure script parameters: a script must be given them, and nobody else is.
 *
 * I9  The value of a secure parameter is in the database only sealed: for its name where it is stored, and
 *     for its step where a launch keeps the scripts that it was filled into.
 */
import { OperationError } from '@landfall/runtime';
import { listPlainResults, type StepKey, type StepRecord, saveResult } from '../store/job-steps.ts';
import type { Queries } from '../store/schema.ts';
import { listParameters, type ScriptParameterRecord, saveParameter } from '../store/scripts.ts';
import { isSealed, type SecretVault } from './secret-vault.ts';

type Result = StepRecord['result'];

/** Whose result has filled-in scripts in it. */
export const STEP_WITH_SCRIPTS = 'SPECIFICATION';

/** As it is stored. */
export function sealParameter(vault: SecretVault, parameter: ScriptParameterRecord): ScriptParameterRecord {
  const { name, value, secure } = parameter;
  return secure ? { ...parameter, value: vault.seal(value, placeOf(name)) } : parameter;
}

/** Errors: STATE_UNREADABLE. */
export function openParameter(vault: SecretVault, parameter: ScriptParameterRecord): ScriptParameterRecord {
  const { name, value, secure } = parameter;
  if (!secure) return parameter;
  return { ...parameter, value: opened(vault.open(value, placeOf(name)), `the parameter ${name}`) };
}

/** As it is stored; that of any other step stays as it is. */
export function sealResult(vault: SecretVault, key: StepKey, result: object): object {
  if (key.name !== STEP_WITH_SCRIPTS) return result;
  return { sealed: vault.seal(JSON.stringify(result), placeOfStep(key)) };
}

/** Errors: STATE_UNREADABLE. */
export function openResult(vault: SecretVault, key: StepKey, result: Result): Result {
  const { sealed } = result;
  if (key.name !== STEP_WITH_SCRIPTS || typeof sealed !== 'string') return result;
  const text = opened(vault.open(sealed, placeOfStep(key)), `the step ${key.name} of ${key.jobId}`);
  return JSON.parse(text) as Result;
}

/** I9 for what an earlier version wrote. */
export async function sealPlainScripts(tx: Queries, vault: SecretVault): Promise<void> {
  for (const parameter of await listParameters(tx)) {
    if (!parameter.secure || isSealed(parameter.value)) continue;
    await saveParameter(tx, sealParameter(vault, parameter));
  }
  for (const { key, result } of await listPlainResults(tx, STEP_WITH_SCRIPTS)) {
    await saveResult(tx, key, sealResult(vault, key, result));
  }
}

function opened(text: string | undefined, what: string): string {
  if (text !== undefined) return text;
  throw new OperationError('STATE_UNREADABLE', `${what} does not open`, {
    hint: 'restore the state folder from a backup, its file identity-key with it',
  });
}

function placeOf(parameter: string): string {
  return `parameter ${parameter}`;
}

function placeOfStep({ jobId, sourceServerId, name }: StepKey): string {
  return `step ${jobId} ${sourceServerId} ${name}`;
}

/** Values given as JSON, or as `@FILE` with JSON in it. */
import { readFile } from 'node:fs/promises';
import { describeError, OperationError } from '@landfall/runtime';

/** Errors: OPTION_INVALID. */
export async function readJson(told: string, option: string): Promise<unknown> {
  try {
    return JSON.parse(told.startsWith('@') ? await readFile(told.slice(1), 'utf8') : told) as unknown;
  } catch (cause) {
    throw new OperationError('OPTION_INVALID', `${option} cannot be read: ${describeError(cause)}`, {
      hint: 'give JSON, or @FILE with some in it',
      cause,
    });
  }
}

/** Errors: OPTION_INVALID. */
export async function readJsonObject(told: string, option: string): Promise<object> {
  const value = await readJson(told, option);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new OperationError('OPTION_INVALID', `${option} cannot be read: it is no JSON object`, {
    hint: 'give a JSON object, or @FILE with one in it',
  });
}

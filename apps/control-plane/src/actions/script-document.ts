/**
 * Scripts of post-launch actions, pure.
 *
 * A `{{name}}` in a shell script becomes `${LANDFALL_PARAMETER_name}`, and the value travels as a variable of
 * the environment: no value is ever part of a text that is parsed, so none can inject a command, whatever
 * quotes or newlines are in it. Scripts of other interpreters read their environment.
 */
import { OperationError } from '@landfall/runtime';

export interface ScriptParameter {
  readonly name: string;
  readonly defaultValue?: string | undefined;
  readonly description?: string | undefined;
}

export interface ScriptDocument {
  readonly name: string;
  readonly script: string;
  readonly description?: string;
  readonly parameters: readonly ScriptParameter[];
}

export const PARAMETER_VARIABLE = 'LANDFALL_PARAMETER_';

const STAND_IN = /\{\{\s*([A-Za-z0-9]+)\s*\}\}/g;
const SHELL = /^#!\s*(\/usr)?\/bin\/(env\s+)?(ba|da|k|z|a)?sh(\s|$)/;

/** What is wrong with it; `undefined`: nothing. */
export function complaintAbout({ script, parameters }: ScriptDocument): string | undefined {
  if (!/^#!\s*\/\S+/.test(script)) return 'its first line must name the interpreter, as in #!/bin/sh';
  if (script.includes('\0')) return 'it has a zero byte';
  if (/^#!.*\r/.test(script))
    return 'its lines end like those of Windows: the interpreter would not be found';
  const names = parameters.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `its parameter ${twice} is declared twice`;
  const used = [...script.matchAll(STAND_IN)].map((match) => match[1] ?? '');
  const unknown = used.find((name) => !names.includes(name));
  if (unknown !== undefined) return `it uses {{${unknown}}}, which it does not declare as a parameter`;
  if (used.length > 0 && !isShell(script)) {
    return `only a shell fills in {{${used[0]}}}; elsewhere read the variable ${PARAMETER_VARIABLE}${used[0]}`;
  }
  const zero = parameters.find(({ defaultValue }) => defaultValue?.includes('\0'));
  return zero === undefined ? undefined : `the default of its parameter ${zero.name} has a zero byte`;
}

/** The text as it is run. */
export function renderScript(script: string): string {
  return script.replace(STAND_IN, (_, name: string) => `\${${PARAMETER_VARIABLE}${name}}`);
}

/** Errors: POST_LAUNCH_INVALID for values that are missing, not declared, or cannot be passed. */
export function fillParameters(
  { name: document, parameters }: ScriptDocument,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const unknown = Object.keys(given).find((name) => !parameters.some((one) => one.name === name));
  if (unknown !== undefined) throw invalidActions(`${document} has no parameter ${unknown}`);
  const values = parameters.map(({ name, defaultValue }): [string, string] => {
    const value = Object.hasOwn(given, name) ? given[name] : defaultValue;
    if (value === undefined) throw invalidActions(`${document} needs a value for its parameter ${name}`);
    if (value.includes('\0')) throw invalidActions(`the parameter ${name} of ${document} has a zero byte`);
    return [name, value];
  });
  return Object.fromEntries(values);
}

export function invalidActions(why: string): OperationError {
  return new OperationError('POST_LAUNCH_INVALID', `the post-launch actions cannot be run: ${why}`, {
    hint: 'correct it with PutSourceServerAction, UpdateLaunchConfiguration or `landfall script`, then launch again',
  });
}

function isShell(script: string): boolean {
  return SHELL.test(script.split('\n', 1)[0] ?? '');
}

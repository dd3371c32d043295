/** Where wrapping keys come from, as an operator says it: `file:PATH`, `env:NAME` or `command:PATH`. */
import { OperationError, systemRandom } from '@landfall/runtime';
import { CommandWrappingKeys } from './command-wrapping-keys.ts';
import { fileWrappingKeys } from './file-wrapping-keys.ts';
import {
  keyMissing,
  LocalWrappingKeys,
  parseWrappingKeys,
  WrappingKeyRing,
  type WrappingKeys,
} from './wrapping-keys.ts';

export interface KeySource {
  readonly kind: 'file' | 'env' | 'command';
  /** A path, or the name of a variable. */
  readonly name: string;
}

/** Errors: OPTION_INVALID. */
export function parseKeySource(text: string): KeySource {
  const [, kind, name] = /^(file|env|command):(.+)$/s.exec(text) ?? [];
  if (name !== undefined && (kind === 'file' || kind === 'env' || kind === 'command')) return { kind, name };
  throw new OperationError('OPTION_INVALID', `${text} is no source of an encryption key`, {
    hint: 'name it as file:PATH, env:NAME or command:PATH',
  });
}

/**
 * The first source wraps; all unwrap. A variable is taken out of `environment`, so that no program that is
 * started later inherits it.
 */
export function wrappingKeysOf(
  sources: readonly KeySource[],
  environment: Record<string, string | undefined>,
): WrappingKeys {
  const [current, ...previous] = sources.map((source) => keysOfSource(source, environment));
  if (current === undefined) throw keyMissing('no source of an encryption key is given');
  return previous.length === 0 ? current : new WrappingKeyRing(current, previous);
}

function keysOfSource(
  { kind, name }: KeySource,
  environment: Record<string, string | undefined>,
): WrappingKeys {
  if (kind === 'file') return fileWrappingKeys(name);
  if (kind === 'command') return new CommandWrappingKeys(name);
  const description = `the environment variable ${name}`;
  const text = environment[name];
  delete environment[name];
  const load = async () => parseWrappingKeys(text ?? '', description);
  return new LocalWrappingKeys(description, load, systemRandom);
}

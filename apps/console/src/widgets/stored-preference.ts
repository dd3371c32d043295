/** A preference of this browser; what does not fit any more is as if it had never been stored. */
import { useCallback, useState } from 'react';

export function useStoredPreference<Value extends object>(
  name: string,
  standard: Value,
): readonly [Value, (value: Value) => void] {
  const storedAs = `landfall-${name}`;
  const [value, setValue] = useState(() => withStored(standard, localStorage.getItem(storedAs)));
  const store = useCallback(
    (next: Value) => {
      localStorage.setItem(storedAs, JSON.stringify(next));
      setValue(next);
    },
    [storedAs],
  );
  return [value, store];
}

/** Members of the standard, as they are stored where that is of the same kind. */
export function withStored<Value extends object>(standard: Value, text: string | null): Value {
  const stored = parse(text ?? '{}');
  const fitting = Object.entries(standard).filter(
    ([name, value]) => Object.hasOwn(stored, name) && isSameKind(stored[name], value),
  );
  return { ...standard, ...Object.fromEntries(fitting.map(([name]) => [name, stored[name]])) };
}

function isSameKind(stored: unknown, standard: unknown): boolean {
  return typeof stored === typeof standard && Array.isArray(stored) === Array.isArray(standard);
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const stored: unknown = JSON.parse(text);
    return typeof stored === 'object' && stored !== null ? { ...stored } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

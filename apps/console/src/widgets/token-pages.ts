/**
 * Pages of a listing that is read by tokens: forward as far as there are more, back over the pages seen. A
 * listing has no total, so neither has this.
 */
import { useCallback, useState } from 'react';

export interface TokenPages {
  /** Of the page shown; `undefined`: the first. */
  readonly token: string | undefined;
  /** From 1. */
  readonly number: number;
  /** A page seen before, or the one that `nextToken` leads to. */
  readonly goTo: (number: number, nextToken: string | undefined) => void;
  readonly first: () => void;
}

/** `listing`: what is listed. Tokens are of one listing: another one begins at its first page. */
export function useTokenPages(listing: string): TokenPages {
  const [seen, setSeen] = useState<Seen>({ listing, tokens: [] });
  const goTo = useCallback(
    (number: number, nextToken: string | undefined) =>
      setSeen((before) => ({ listing, tokens: tokensTo(tokensOf(before, listing), number, nextToken) })),
    [listing],
  );
  const first = useCallback(() => setSeen({ listing, tokens: [] }), [listing]);
  const tokens = tokensOf(seen, listing);
  return { token: tokens.at(-1), number: tokens.length + 1, goTo, first };
}

/** Tokens of the pages after the first, up to the one that is gone to. */
export function tokensTo(
  seen: readonly string[],
  number: number,
  nextToken: string | undefined,
): readonly string[] {
  if (number <= seen.length + 1) return seen.slice(0, Math.max(0, number - 1));
  return nextToken === undefined ? seen : [...seen, nextToken];
}

interface Seen {
  readonly listing: string;
  readonly tokens: readonly string[];
}

function tokensOf({ listing: of, tokens }: Seen, listing: string): readonly string[] {
  return of === listing ? tokens : [];
}

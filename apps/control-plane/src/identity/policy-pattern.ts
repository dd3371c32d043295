/** The two wildcards of policies: `*` is any text, `?` one character. Time is at most pattern times text. */
export function matchesPattern(pattern: string, text: string): boolean {
  let inPattern = 0;
  let inText = 0;
  let star = -1;
  let starText = 0;
  while (inText < text.length) {
    const expected = pattern[inPattern];
    if (expected === '*') {
      star = inPattern;
      starText = inText;
      inPattern += 1;
    } else if (expected !== undefined && (expected === '?' || expected === text[inText])) {
      inPattern += 1;
      inText += 1;
    } else if (star === -1) {
      return false;
    } else {
      starText += 1;
      inText = starText;
      inPattern = star + 1;
    }
  }
  return /^\**$/.test(pattern.slice(inPattern));
}

/** Action names are compared without regard to case. */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesPattern(pattern.toLowerCase(), action.toLowerCase());
}

const ARN_PARTS = 6;

/**
 * A wildcard of an ARN stays inside its part; only the last one may hold colons. `*` alone is everything,
 * and the only pattern for a call that is about no resource.
 */
export function matchesResource(pattern: string, resource: string): boolean {
  if (pattern === '*' || pattern === resource) return true;
  const expected = arnParts(pattern);
  const actual = arnParts(resource);
  if (expected === undefined || actual === undefined) return false;
  return expected.every((part, index) => matchesPattern(part, actual[index] ?? ''));
}

/** The six parts of an ARN or of a pattern for some; `undefined` for anything else. */
export function arnParts(text: string): readonly string[] | undefined {
  const parts = text.split(':');
  if (parts.length < ARN_PARTS || parts[0] !== 'arn') return undefined;
  const leading = parts.slice(0, ARN_PARTS - 1);
  const last = parts.slice(ARN_PARTS - 1).join(':');
  return last === '' ? undefined : [...leading, last];
}

/**
 * Errors of our programs in the language of the page. They name their code in English words, as logs do; what
 * it means and what is to be done is said in the person's own, where that is known, else in English.
 */
import { ERROR_CODES, type ErrorCode, type ErrorEntry } from '@landfall/model';

export type ErrorTexts = Readonly<Partial<Record<ErrorCode, ErrorEntry>>>;

export interface KnownError {
  readonly code: ErrorCode;
  /** Only where the message itself, which is English, may not be understood. */
  readonly meaning: string | undefined;
  readonly remedy: string;
}

/** Of one word, too: elsewhere in a text that is a word like any other. */
const LEADING = /^([A-Z][A-Z0-9_]*)(?::|$)/;
const ANYWHERE = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/;

/** Programs write `CODE: message`; the code and what is known of it, when it is one of ours. */
export function knownError(text: string, texts: ErrorTexts): KnownError | undefined {
  const code = LEADING.exec(text)?.[1] ?? ANYWHERE.exec(text)?.[0] ?? '';
  if (!isErrorCode(code)) return undefined;
  const translated = texts[code];
  return { code, meaning: translated?.meaning, remedy: (translated ?? ERROR_CODES[code]).remedy };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

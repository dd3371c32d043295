/** The languages there are, and what is loaded for each. */
import { EN } from './en/index.ts';
import type { ErrorTexts } from './error-texts.ts';

export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];

export type MessageKey = keyof typeof EN;
export type Messages = Readonly<Record<MessageKey, string>>;

/** By its own name, for who does not read the other. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', ko: '한국어' };

export async function loadMessages(language: Language): Promise<Messages> {
  if (language === 'ko') return (await import('./ko/index.ts')).KO;
  return EN;
}

/** English is what the errors themselves are written in. */
export async function loadErrorTexts(language: Language): Promise<ErrorTexts> {
  if (language === 'ko') return (await import('./ko/errors/index.ts')).KO_ERRORS;
  return {};
}

/** What was chosen, else what the browser asks for, else English. */
export function chooseLanguage(stored: string | null, wanted: readonly string[]): Language {
  const all = [stored ?? '', ...wanted].map((tag) => tag.slice(0, 2).toLowerCase());
  return (
    all.map((tag) => LANGUAGES.find((language) => language === tag)).find((found) => found !== undefined) ??
    'en'
  );
}

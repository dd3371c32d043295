/** The language of the page: messages, formats, and Cloudscape's own words in it. */
import { I18nProvider as CloudscapeI18n, type I18nProviderProps } from '@cloudscape-design/components/i18n';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { type ErrorTexts, type KnownError, knownError } from './error-texts.ts';
import { createFormats, type Formats } from './formats.ts';
import {
  chooseLanguage,
  type Language,
  loadErrorTexts,
  loadMessages,
  type MessageKey,
  type Messages,
} from './languages.ts';
import { fill, type SlotValues } from './translate.ts';

export type Translate = (key: MessageKey, values?: SlotValues) => string;

export interface I18n {
  readonly language: Language;
  readonly t: Translate;
  readonly formats: Formats;
  /** What is known of the code that an error begins with or names. */
  readonly knownError: (text: string) => KnownError | undefined;
  readonly choose: (language: Language) => void;
}

const STORED_AS = 'landfall-language';
const Context = createContext<I18n | undefined>(undefined);

export function useI18n(): I18n {
  const i18n = useContext(Context);
  if (i18n === undefined) throw new Error('useI18n outside I18nBoundary');
  return i18n;
}

interface Loaded {
  readonly language: Language;
  readonly messages: Messages;
  readonly errors: ErrorTexts;
  readonly cloudscape: readonly I18nProviderProps.Messages[];
}

export function I18nBoundary({ children }: { readonly children: ReactNode }): ReactNode {
  const [language, setLanguage] = useState(() =>
    chooseLanguage(localStorage.getItem(STORED_AS), navigator.languages),
  );
  const [loaded, setLoaded] = useState<Loaded>();
  useEffect(() => {
    let isWanted = true;
    void load(language).then((next) => isWanted && setLoaded(next));
    return () => {
      isWanted = false;
    };
  }, [language]);
  const choose = useCallback((next: Language) => {
    localStorage.setItem(STORED_AS, next);
    setLanguage(next);
  }, []);
  if (loaded === undefined) return null;
  return (
    <CloudscapeI18n locale={loaded.language} messages={[...loaded.cloudscape]}>
      <Provided loaded={loaded} choose={choose}>
        {children}
      </Provided>
    </CloudscapeI18n>
  );
}

function Provided(props: {
  readonly loaded: Loaded;
  readonly choose: (language: Language) => void;
  readonly children: ReactNode;
}): ReactNode {
  const { loaded, choose, children } = props;
  const { language, messages, errors } = loaded;
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const i18n = useMemo<I18n>(
    () => ({
      language,
      choose,
      formats: createFormats(language),
      t: (key, values = {}) => fill(messages[key], values, language),
      knownError: (text) => knownError(text, errors),
    }),
    [language, messages, errors, choose],
  );
  return <Context.Provider value={i18n}>{children}</Context.Provider>;
}

async function load(language: Language): Promise<Loaded> {
  const [messages, errors, cloudscape] = await Promise.all([
    loadMessages(language),
    loadErrorTexts(language),
    loadCloudscape(language),
  ]);
  return { language, messages, errors, cloudscape: [cloudscape] };
}

async function loadCloudscape(language: Language): Promise<I18nProviderProps.Messages> {
  if (language === 'ko') return (await import('@cloudscape-design/components/i18n/messages/all.ko')).default;
  return (await import('@cloudscape-design/components/i18n/messages/all.en')).default;
}

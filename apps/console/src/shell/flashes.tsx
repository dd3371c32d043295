/** Messages at the top of every page: what was done, and what went wrong. */
import type { FlashbarProps } from '@cloudscape-design/components/flashbar';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import type { ApiFailure } from '../api/failure.ts';
import { randomId } from '../browser-clock.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { FailureText } from '../widgets/failure-text.tsx';

export interface Flashes {
  readonly items: readonly FlashbarProps.MessageDefinition[];
  readonly done: (text: string) => void;
  readonly failed: (failure: ApiFailure, title?: string) => void;
}

const Context = createContext<Flashes | undefined>(undefined);
const SHOWN_MAX = 5;

export function useFlashes(): Flashes {
  const flashes = useContext(Context);
  if (flashes === undefined) throw new Error('useFlashes outside FlashBoundary');
  return flashes;
}

export function FlashBoundary({ children }: { readonly children: ReactNode }): ReactNode {
  const { t } = useI18n();
  const [items, setItems] = useState<readonly FlashbarProps.MessageDefinition[]>([]);
  const add = useCallback(
    (item: FlashbarProps.MessageDefinition) => {
      const id = randomId();
      const onDismiss = () => setItems((all) => all.filter((one) => one.id !== id));
      const shown = { ...item, id, dismissible: true, dismissLabel: t('common.close'), onDismiss };
      setItems((all) => [shown, ...all].slice(0, SHOWN_MAX));
    },
    [t],
  );
  const flashes = useMemo<Flashes>(
    () => ({
      items,
      done: (text) => add({ type: 'success', content: text, ariaRole: 'status' }),
      failed: (failure, title = t('failure.title')) =>
        add({ type: 'error', header: title, content: <FailureText failure={failure} />, ariaRole: 'alert' }),
    }),
    [items, add, t],
  );
  return <Context.Provider value={flashes}>{children}</Context.Provider>;
}

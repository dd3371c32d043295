/** Asks a question again every so often, while somebody looks: for what no event tells of. */
import { useEffect } from 'react';
import { useConsole } from '../shell/console-context.tsx';

export function useLookAgain(key: string, everyMs: number, isWanted: boolean): void {
  const { clock, queries } = useConsole();
  useEffect(() => {
    if (!isWanted) return;
    let cancel = () => {};
    const next = () => {
      cancel = clock.after(everyMs, () => {
        if (document.visibilityState === 'visible') queries.refresh(key);
        next();
      });
    };
    next();
    return () => cancel();
  }, [clock, queries, key, everyMs, isWanted]);
}

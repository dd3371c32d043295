/** Starts the console in the browser. */
import '@cloudscape-design/global-styles/index.css';
import './console.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nBoundary } from './i18n/i18n-context.tsx';
import { SessionGate } from './session/session-gate.tsx';
import { ConsoleContext } from './shell/console-context.tsx';
import { FlashBoundary } from './shell/flashes.tsx';
import { NavigationBoundary } from './shell/navigation.tsx';
import { Shell } from './shell/shell.tsx';
import { startPatiently } from './shell/start-patiently.ts';
import { applyTheme, storedTheme } from './shell/theme.ts';

applyTheme(storedTheme());
const place = document.getElementById('console');
if (place === null) throw new Error('index.html has no place for the console');
const parts = await startPatiently(place);
createRoot(place).render(
  <StrictMode>
    <ConsoleContext.Provider value={parts}>
      <I18nBoundary>
        <NavigationBoundary>
          <SessionGate>
            <FlashBoundary>
              <Shell />
            </FlashBoundary>
          </SessionGate>
        </NavigationBoundary>
      </I18nBoundary>
    </ConsoleContext.Provider>
  </StrictMode>,
);

/** Begins again until the control plane answers, and says meanwhile why nothing is there. */
import { browserClock, sleep } from '../browser-clock.ts';
import { chooseLanguage, loadMessages } from '../i18n/languages.ts';
import type { Console } from './console-context.tsx';
import { startConsole } from './start-console.ts';

const AGAIN_MS = 3000;

export async function startPatiently(place: HTMLElement): Promise<Console> {
  for (;;) {
    try {
      return await startConsole();
    } catch (error) {
      place.textContent = await words(error);
    }
    await sleep(browserClock, AGAIN_MS);
  }
}

async function words(error: unknown): Promise<string> {
  const messages = await loadMessages(
    chooseLanguage(localStorage.getItem('landfall-language'), navigator.languages),
  );
  const reason = error instanceof Error ? error.message : String(error);
  return `${messages['failure.title']}: ${reason}. ${messages['failure.remedy.unreachable']}`;
}

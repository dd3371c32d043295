/** Puts the parts together: who tells whom what. */
import { credentialsOf } from '../api/credentials-source.ts';
import { EventStream } from '../api/event-stream.ts';
import { type ApiFailure, apiFailure, isSessionEnd } from '../api/failure.ts';
import { createLandfallCall, postSigned, readAnswer } from '../api/landfall-client.ts';
import { LiveQueries } from '../api/live-queries.ts';
import { createMgnCall } from '../api/mgn-client.ts';
import { browserClock } from '../browser-clock.ts';
import { Session } from '../session/session.ts';
import { requestSessionToken } from '../session/session-token.ts';
import type { Console, ServiceFacts } from './console-context.tsx';

export async function startConsole(): Promise<Console> {
  const facts = (await (await fetch('/console/service.json')).json()) as ServiceFacts;
  const { host, origin } = window.location;
  const { region } = facts;
  const clock = browserClock;
  const send: typeof fetch = (input, init) => fetch(input, init);
  const wire = { host, region, clock, fetch: send };
  const session = new Session({
    storage: sessionStorage,
    clock,
    requestToken: (signer) => requestSessionToken(signer, wire),
  });
  const onFailure = (failure: ApiFailure) => {
    if (isSessionEnd(failure)) session.expire();
  };
  const credentials = credentialsOf(session);
  const queries = new LiveQueries(clock, onFailure);
  const landfallOptions = { ...wire, credentials };
  const landfall = createLandfallCall(landfallOptions);
  const stream = new EventStream({
    clock,
    open: async (lastEventId, signal) => {
      const headers = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
      const answer = await postSigned(landfallOptions, 'StreamEvents', { body: '{}', headers, signal });
      if (!answer.ok) return readAnswer<never>(answer);
      if (answer.body !== null) return answer.body;
      throw apiFailure({
        name: 'ApiResponseInvalid',
        status: answer.status,
        message: 'The stream is empty.',
      });
    },
    onEvent: (event) => queries.tell(event),
    onAnything: () => queries.refreshAll(),
  });
  const mgn = createMgnCall({ endpoint: origin, region, credentials });
  return {
    facts,
    clock,
    session,
    queries,
    stream,
    mgn: guarded(mgn, onFailure),
    landfall: guarded(landfall, onFailure),
  };
}

/** A refusal of the session's credentials ends it, whoever made the call. */
function guarded<Call extends (...parameters: never[]) => Promise<unknown>>(
  call: Call,
  onFailure: (failure: ApiFailure) => void,
): Call {
  const guard = (...parameters: Parameters<Call>) =>
    call(...parameters).catch((error: unknown) => {
      onFailure(error as ApiFailure);
      throw error;
    });
  return guard as Call;
}

/** StreamEvents: what happens, as it happens, to whoever may read it. */
import { ApiError, type Handlers, type Landfall, type ServiceEvent } from '@landfall/api';
import { assert } from '@landfall/runtime';
import { maySee } from '../events/visibility.ts';
import { authorise } from '../identity/authorisation.ts';
import { callContext } from '../identity/call-context.ts';
import { resourcesOfCall } from '../identity/call-resources.ts';
import { type Caller, isStillValid } from '../identity/callers.ts';
import { policiesOf } from '../identity/policies.ts';
import type { Service } from '../service.ts';
import { tagsOfResource } from './tags.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'StreamEvents'>;
type Input = Landfall.StreamEventsRequest;

export const eventOperations: Operations = {
  StreamEvents: async (input, service) => {
    const { caller, events, streams, clock } = service;
    assert(caller !== undefined, 'a call has a caller');
    const sees = visibilityOf(service, caller);
    const content = streams.open(caller.origin.accessKeyId, {
      ...{ log: events.log, clock, lastEventId: input.lastEventID, expiresAtMs: caller.expiresAtMs },
      isWanted: async (event) => isAskedFor(input, event) && (await sees(event)),
      endReason: () => endReason(service, caller, input),
    });
    return { content };
  },
};

/** Of a job that is about several servers, whoever follows one of them may want to know. */
function isAskedFor({ eventTypes, sourceServerIDs }: Input, event: ServiceEvent): boolean {
  const { type, sourceServerId } = event;
  if (eventTypes !== undefined && !eventTypes.includes(type)) return false;
  if (sourceServerIDs === undefined) return true;
  return sourceServerId === undefined ? type === 'JobChanged' : sourceServerIDs.includes(sourceServerId);
}

/** Policies are read again only when some user, role or policy has changed. */
function visibilityOf(service: Service, caller: Caller): (event: ServiceEvent) => Promise<boolean> {
  const { events, store, facts } = service;
  let revision = events.identityRevision;
  let policies = policiesOf(store.db, caller);
  return async (event) => {
    if (revision !== events.identityRevision) {
      revision = events.identityRevision;
      policies = policiesOf(store.db, caller);
    }
    return maySee(event, {
      policies: await policies,
      context: callContext(service, caller, service.sourceIp ?? ''),
      scope: facts,
      tagsOf: (resource) => tagsOfResource(service, resource),
    });
  };
}

async function endReason(
  service: Service,
  caller: Caller,
  input: Input,
): Promise<Landfall.StreamEndReason | undefined> {
  const { clock, vaults, facts, store } = service;
  const { db } = store;
  if (!(await isStillValid({ db, vaults, nowMs: clock.nowMs() }, caller))) return 'CREDENTIALS_EXPIRED';
  const access = {
    caller,
    action: 'landfall:StreamEvents',
    resources: resourcesOfCall('landfall', input, facts),
    context: callContext(service, caller, service.sourceIp ?? ''),
  };
  try {
    await authorise(access, { db, tagsOf: (resource) => tagsOfResource(service, resource) });
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return 'DENIED';
    throw error;
  }
}

/** ListAuditEvents: the audit log in pages, newest first. */
import { ApiError, type Handlers, isoDateTime, type Landfall, parseIsoDateTime } from '@landfall/api';
import type { Service } from '../service.ts';
import { listAuditEvents, type StoredAuditRecord } from '../store/audit-events.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'ListAuditEvents'>;

const PAGE_EVENTS = 100;

export const auditOperations: Operations = {
  ListAuditEvents: async (input, { store, audit }) => {
    await audit.flush();
    const { principal, action, outcome, maxResults = PAGE_EVENTS } = input;
    const found = await listAuditEvents(store.db, {
      ...{ principal, action, outcome },
      fromMs: readTime(input.fromDateTime, 'fromDateTime'),
      toMs: readTime(input.toDateTime, 'toDateTime'),
      beforeSequence: readToken(input.nextToken),
      limit: maxResults + 1,
    });
    const items = found.slice(0, maxResults);
    const last = items.at(-1);
    const hasMore = found.length > items.length && last !== undefined;
    return { items: items.map(showEvent), ...(hasMore ? { nextToken: `before-${last.sequence}` } : {}) };
  },
};

/** The number of the last event given: filters may change from page to page without harm. */
function readToken(token: string | undefined): number | undefined {
  if (token === undefined || token === '') return undefined;
  const [, sequence] = /^before-(\d{1,15})$/.exec(token) ?? [];
  if (sequence !== undefined) return Number(sequence);
  throw ApiError.validation('nextToken is not one that this listing gave.', {
    reason: 'fieldValidationFailed',
    fieldList: [{ name: 'nextToken', message: 'is not a token that this listing gave' }],
  });
}

function readTime(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const timeMs = parseIsoDateTime(text);
  if (timeMs !== undefined) return timeMs;
  throw ApiError.validation(`${name} is no date and time.`, {
    reason: 'fieldValidationFailed',
    fieldList: [{ name, message: 'is no date and time' }],
  });
}

function showEvent(event: StoredAuditRecord): Landfall.AuditEvent {
  const { eventId, eventAtMs, accessKeyId, sequence: _sequence, signature: _signature, ...rest } = event;
  return {
    ...rest,
    eventID: eventId,
    eventDateTime: isoDateTime(eventAtMs),
    ...(accessKeyId === undefined ? {} : { accessKeyID: accessKeyId }),
  };
}

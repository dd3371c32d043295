/** A webhook as a person writes it, and what the service is told. Pure. */
import type { EventType, Landfall } from '@landfall/api/types';

/** A table, so that the compiler finds a type of event that the service learns. */
const EVENT_TYPE_TABLE: Readonly<Record<EventType, true>> = {
  SourceServerChanged: true,
  ReplicationChanged: true,
  JobChanged: true,
  LaunchedMachineChanged: true,
  RecoveryPointChanged: true,
  ApplicationChanged: true,
  WaveChanged: true,
  TemplateChanged: true,
  ImportChanged: true,
  ExportChanged: true,
  IdentityChanged: true,
  BootProofChanged: true,
  PreflightChanged: true,
  TripwireChanged: true,
  RetentionChanged: true,
  ConnectorChanged: true,
  EnrolmentTokenChanged: true,
  ScriptDocumentChanged: true,
  ScriptParameterChanged: true,
  WebhookChanged: true,
  ProgramChanged: true,
};

export const EVENT_TYPES = Object.keys(EVENT_TYPE_TABLE) as readonly EventType[];

const DESCRIPTION_CHARACTERS_MAX = 256;

export interface WebhookDraft {
  readonly url: string;
  readonly description: string;
  /** None: all. */
  readonly eventTypes: readonly EventType[];
}

export function draftOfWebhook(webhook: Landfall.Webhook | undefined): WebhookDraft {
  const { url = '', description = '', eventTypes = [] } = webhook ?? {};
  return { url, description, eventTypes };
}

export type WebhookFault = 'url' | 'description';

/** What it may lead to is the service's to judge: it alone knows its network. */
export function webhookFaults({ url, description }: WebhookDraft): readonly WebhookFault[] {
  return [
    ...(isWebUrl(url.trim()) ? [] : (['url'] as const)),
    ...(description.length > DESCRIPTION_CHARACTERS_MAX ? (['description'] as const) : []),
  ];
}

function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && `${username}${password}${hash}` === '';
}

/** Everything chosen is as nothing chosen: what is new later comes, too. */
function isAll({ eventTypes }: WebhookDraft): boolean {
  return eventTypes.length === 0 || eventTypes.length === EVENT_TYPES.length;
}

export function createRequest(draft: WebhookDraft): Landfall.CreateWebhookRequest {
  const { url, description, eventTypes } = draft;
  return {
    url: url.trim(),
    ...(isAll(draft) ? {} : { eventTypes }),
    ...(description.trim() === '' ? {} : { description: description.trim() }),
  };
}

/** Only what differs. */
export function updateRequest(
  webhook: Landfall.Webhook,
  draft: WebhookDraft,
): Omit<Landfall.UpdateWebhookRequest, 'webhookID'> {
  const before = draftOfWebhook(webhook);
  const url = draft.url.trim();
  const isSame = namesOf(before.eventTypes) === namesOf(draft.eventTypes);
  const events = isAll(draft) ? { allEventTypes: true } : { eventTypes: draft.eventTypes };
  return {
    ...(url === before.url ? {} : { url }),
    ...(draft.description === before.description ? {} : { description: draft.description.trim() }),
    ...(isSame ? {} : events),
  };
}

function namesOf(eventTypes: readonly EventType[]): string {
  return EVENT_TYPES.filter((type) => eventTypes.includes(type)).join(' ');
}

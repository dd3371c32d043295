/**
 * What the event stream (`StreamEvents`) and webhooks tell: that something changed, and where to look. An
 * event carries no state of its own, so one that is lost costs a look, never a wrong picture.
 */
export interface EventOperations {
  readonly StreamEvents: { readonly input: StreamEventsRequest; readonly output: StreamEventsResponse };
}

export interface StreamEventsRequest {
  /** Header `Last-Event-ID`: goes on after this event. Absent: what happens from now on. */
  readonly lastEventID?: string | undefined;
  /** Only these; absent: all. */
  readonly eventTypes?: readonly EventType[] | undefined;
  /** Only what belongs to one of these servers. */
  readonly sourceServerIDs?: readonly string[] | undefined;
}

/**
 * Server-sent events (`text/event-stream`), to be read with `readServerSentEvents`. By the name of a message:
 *
 * - none: a `ServiceEvent`, with its `eventId` as `id`;
 * - `ready`: the first of a stream, with the `id` to go on from should the stream break off before an event;
 * - `resync`: what was asked for is no longer known; look at everything again. What follows is complete;
 * - `end`: the stream ends now, and why: `{"reason": "CREDENTIALS_EXPIRED" | "SERVER_STOPS" | "DENIED"}`.
 *
 * A comment every 15 seconds shows that the line is good.
 */
export interface StreamEventsResponse {
  readonly content: AsyncIterable<Uint8Array>;
}

export type StreamEndReason = 'CREDENTIALS_EXPIRED' | 'SERVER_STOPS' | 'DENIED';

export type EventType =
  | 'SourceServerChanged'
  | 'ReplicationChanged'
  | 'JobChanged'
  | 'LaunchedMachineChanged'
  | 'RecoveryPointChanged'
  | 'ApplicationChanged'
  | 'WaveChanged'
  | 'TemplateChanged'
  | 'ImportChanged'
  | 'ExportChanged'
  | 'IdentityChanged'
  | 'BootProofChanged'
  | 'PreflightChanged'
  | 'TripwireChanged'
  | 'RetentionChanged'
  | 'ConnectorChanged'
  | 'EnrolmentTokenChanged'
  | 'ScriptDocumentChanged'
  | 'ScriptParameterChanged'
  | 'WebhookChanged'
  | 'ProgramChanged';

export interface ServiceEvent {
  /** Grows; the `id` of the SSE message, to go on from with `Last-Event-ID`. */
  readonly eventId: string;
  /** ISO 8601, UTC. */
  readonly eventTime: string;
  readonly type: EventType;
  /** What changed: `s-…`, `mgnjob-…`, `i-…`, `app-…`; of identities the ARN, of scripts the name. */
  readonly resourceId: string;
  /** The server it belongs to, where it belongs to one. */
  readonly sourceServerId?: string;
  /** One line for a person: `lag 3.2 s`, `LAUNCH completed`. */
  readonly summary: string;
}

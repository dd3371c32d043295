/**
 * What the event stream (`StreamEvents`) and webhooks tell: that something changed, and where to look. An
 * event carries no state of its own, so one that is lost costs a look, never a wrong picture.
 */
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
  | 'TripwireChanged';

export interface ServiceEvent {
  /** Grows; the `id` of the SSE message, to go on from with `Last-Event-ID`. */
  readonly eventId: string;
  /** ISO 8601, UTC. */
  readonly eventTime: string;
  readonly type: EventType;
  /** What changed: `s-…`, `mgnjob-…`, `i-…`, `app-…`; for identities the ARN. */
  readonly resourceId: string;
  /** The server it belongs to, where it belongs to one. */
  readonly sourceServerId?: string;
  /** One line for a person: `lag 3.2 s`, `LAUNCH completed`. */
  readonly summary: string;
}

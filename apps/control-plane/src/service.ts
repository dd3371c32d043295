/** What every part of the control plane works with. */
import type { Clock, Logger, Random } from '@landfall/runtime';
import type { CommandQueues } from './channel/command-queues.ts';
import type { ReportBoard } from './channel/report-board.ts';
import type { EventHub } from './events/event-hub.ts';
import type { EventStreams } from './events/event-streams.ts';
import type { OpenTrees } from './files/open-trees.ts';
import type { FleetBoard } from './fleet/fleet-board.ts';
import type { ReplicationHistory } from './history/replication-history.ts';
import type { AuditLog } from './identity/audit-log.ts';
import type { CallLimits } from './identity/call-limits.ts';
import type { Caller } from './identity/callers.ts';
import type { CertificateAuthority } from './identity/certificate-authority.ts';
import type { Vaults } from './identity/identity-keeper.ts';
import type { InventoryRunner } from './inventory/inventory-runner.ts';
import type { JobRunner } from './jobs/job-runner.ts';
import type { CallMetrics } from './metrics/call-metrics.ts';
import type { ObjectStore } from './objects/object-store.ts';
import type { MachineSizes } from './sizes/machine-sizes.ts';
import type { Store } from './store/store.ts';
import type { AddressGuard } from './webhooks/address-guard.ts';
import type { WebhookQueue } from './webhooks/webhook-queue.ts';
import type { WebhookSender } from './webhooks/webhook-sender.ts';

export interface ServiceFacts {
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
  readonly version: string;
  /** `https://HOST:PORT`, what tokens and install commands for other machines say. */
  readonly publicUrl: string;
  /** The same listener as programs on this machine reach it: by loopback where it listens there. */
  readonly localUrl: string;
  /** base64 SHA-256 of the server key's SPKI. */
  readonly serverPublicKeyPin: string;
}

export interface Service {
  readonly facts: ServiceFacts;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly authority: CertificateAuthority;
  readonly vaults: Vaults;
  readonly audit: AuditLog;
  readonly limits: CallLimits;
  readonly commands: CommandQueues;
  readonly reports: ReportBoard;
  readonly history: ReplicationHistory;
  readonly fleet: FleetBoard;
  readonly events: EventHub;
  readonly streams: EventStreams;
  readonly webhookGuard: AddressGuard;
  readonly webhookQueue: WebhookQueue;
  readonly webhookSender: WebhookSender;
  readonly metrics: CallMetrics;
  /** Shows the metrics, and what is ready to whom. */
  readonly metricsToken: string;
  readonly jobs: JobRunner;
  readonly trees: OpenTrees;
  readonly objects: ObjectStore;
  readonly inventory: InventoryRunner;
  readonly sizes: MachineSizes;
  /** How long a machine boots before its disks fill in by themselves. */
  readonly bootGraceMs: number;
  /** ARN of who made the call that is answered. */
  readonly principal?: string;
  readonly caller?: Caller;
  /** From where it was made. */
  readonly sourceIp?: string;
}

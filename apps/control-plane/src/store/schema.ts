/**
 * The tables. Times are milliseconds since the epoch. What is asked for by SQL is a column; what is only read
 * and written whole is JSON in `document`, so that a new field needs no migration.
 */
import type { Generated, Kysely } from 'kysely';
import type { ConnectorTable } from './connectors.ts';
import type { ServerGroupTable } from './group-table.ts';
import type { InventoryTaskErrorTable, InventoryTaskTable } from './inventory-tasks.ts';
import type { ReplicationMetricTable } from './replication-metrics.ts';
import type { WebhookDeliveryTable, WebhookTable } from './webhook-tables.ts';

export interface SettingTable {
  key: string;
  value: string;
}

export interface AccessKeyTable {
  access_key_id: string;
  /** Sealed. */
  secret_access_key: string;
  /** Name of the user. */
  principal: string;
  created_at_ms: number;
  revoked_at_ms: number | null;
  status: string;
}

/** Users and roles. */
export interface IdentityTable {
  kind: string;
  name: string;
  identity_id: string;
  created_at_ms: number;
  document: string;
}

export interface PolicyTable {
  name: string;
  updated_at_ms: number;
  /** IAM JSON as it was put. */
  document: string;
}

export interface PolicyAttachmentTable {
  kind: string;
  identity_name: string;
  policy_name: string;
}

export interface AuditEventTable {
  sequence: Generated<number>;
  event_id: string;
  event_at_ms: number;
  principal: string | null;
  action: string;
  outcome: string;
  /** Of calls that change something, so that a replay is known after a restart, too. */
  signature: string | null;
  document: string;
}

export interface EnrolmentTokenTable {
  token_id: string;
  secret_hash: string;
  role: string;
  created_at_ms: number;
  expires_at_ms: number | null;
  uses_max: number;
  revoked_at_ms: number | null;
  document: string;
}

export interface EnrolmentTokenUseTable {
  token_id: string;
  install_id: string;
  used_at_ms: number;
}

export interface ProgramTable {
  program_id: string;
  role: string;
  install_id: string;
  public_key_pem: string;
  certificate_fingerprint: string;
  version: string;
  enrolled_at_ms: number;
  last_seen_at_ms: number | null;
  revoked_at_ms: number | null;
  report: string | null;
  /** The certificate that is to follow, until it is used. */
  next_certificate: string | null;
}

export interface SourceServerTable {
  source_server_id: string;
  created_at_ms: number;
  life_cycle_state: string;
  is_archived: number;
  replication_server_id: string | null;
  application_id: string | null;
  user_provided_id: string | null;
  /** How many it has. */
  disks: number;
  document: string;
}

/** A machine made from a server, kept after its end so that its console can still be asked for. */
export interface MachineTable {
  machine_id: string;
  source_server_id: string;
  job_id: string;
  launch_host_id: string;
  replication_server_id: string;
  /** 1 while the launch host may hold something of it. */
  on_host: number;
  /** 1 while its export may be open. */
  export_open: number;
  created_at_ms: number;
  document: string;
}

export interface TemplateTable {
  template_id: string;
  kind: string;
  created_at_ms: number;
  document: string;
}

export interface JobTable {
  job_id: string;
  type: string;
  initiated_by: string;
  status: string;
  created_at_ms: number;
  ended_at_ms: number | null;
  document: string;
}

export interface JobServerTable {
  job_id: string;
  source_server_id: string;
  launch_status: string;
  document: string;
}

export interface JobStepTable {
  job_id: string;
  source_server_id: string;
  name: string;
  status: string;
  result: string | null;
  started_at_ms: number;
  ended_at_ms: number | null;
}

export interface JobLogTable {
  sequence: Generated<number>;
  job_id: string;
  once_key: string;
  logged_at_ms: number;
  event: string;
  document: string;
}

export interface ProofTable {
  proof_id: string;
  source_server_id: string;
  created_at_ms: number;
  state: string;
  document: string;
}

/** One row a server. */
export interface PreflightTable {
  source_server_id: string;
  state: string;
  /** That may be open. */
  exports: number;
  document: string;
}

export interface BootProofTable {
  boot_proof_id: string;
  source_server_id: string;
  created_at_ms: number;
  state: string;
  /** 1 while something is to be done for it, or will have to be taken back. */
  is_open: number;
  document: string;
  /** PNG, base64. */
  screenshot: string | null;
}

export interface LaunchTemplateTable {
  launch_template_id: string;
  source_server_id: string;
  document: string;
}

export interface LaunchTemplateVersionTable {
  launch_template_id: string;
  version_number: number;
  document: string;
}

export interface PostLaunchActionTable {
  /** A source server or a launch configuration template. */
  owner_id: string;
  action_id: string;
  document: string;
}

export interface ScriptDocumentTable {
  name: string;
  version: number;
  document: string;
}

export interface ScriptParameterTable {
  name: string;
  document: string;
}

export interface Database {
  setting: SettingTable;
  access_key: AccessKeyTable;
  identity: IdentityTable;
  policy: PolicyTable;
  policy_attachment: PolicyAttachmentTable;
  audit_event: AuditEventTable;
  enrolment_token: EnrolmentTokenTable;
  enrolment_token_use: EnrolmentTokenUseTable;
  program: ProgramTable;
  source_server: SourceServerTable;
  machine: MachineTable;
  template: TemplateTable;
  job: JobTable;
  job_server: JobServerTable;
  job_step: JobStepTable;
  job_log: JobLogTable;
  proof: ProofTable;
  replication_metric: ReplicationMetricTable;
  preflight: PreflightTable;
  server_group: ServerGroupTable;
  connector: ConnectorTable;
  inventory_task: InventoryTaskTable;
  inventory_task_error: InventoryTaskErrorTable;
  boot_proof: BootProofTable;
  launch_template: LaunchTemplateTable;
  launch_template_version: LaunchTemplateVersionTable;
  post_launch_action: PostLaunchActionTable;
  script_document: ScriptDocumentTable;
  script_parameter: ScriptParameterTable;
  webhook: WebhookTable;
  webhook_delivery: WebhookDeliveryTable;
}

/** The database or a transaction on it: every query function takes one. */
export type Queries = Kysely<Database>;

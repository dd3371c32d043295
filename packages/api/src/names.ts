/** Names and dates as the public API writes them. */
import { assert, type Random, systemRandom } from '@landfall/runtime';

export interface ArnScope {
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
}

export interface Arn extends ArnScope {
  readonly service: string;
  /** `source-server`, `job`, `replication-configuration-template` … */
  readonly type: string;
  readonly id: string;
}

export function arnOf(service: string, type: string, id: string, scope: ArnScope): string {
  return `arn:aws:${service}:${scope.region}:${scope.accountId}:${type}/${id}`;
}

/** `undefined` when the text is not an ARN of the form `arnOf` writes. */
export function parseArn(text: string): Arn | undefined {
  const match = /^arn:[\w-]+:([\w-]+):([\w-]*):([0-9]*):([\w-]+)\/([^\s/]+)$/.exec(text);
  if (match === null) return undefined;
  const [, service = '', region = '', accountId = '', type = '', id = ''] = match;
  return { service, region, accountId, type, id };
}

/** ISO8601DatetimeString of the model: UTC, milliseconds, ends in `Z`. */
export function isoDateTime(timeMs: number): string {
  assert(Math.abs(timeMs) <= 8.64e15, 'a time fits a date');
  return new Date(timeMs).toISOString();
}

/** Milliseconds since the epoch of an ISO8601DatetimeString; `undefined` for a day that does not exist. */
export function parseIsoDateTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)) return undefined;
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) return undefined;
  return isoDateTime(timeMs).slice(0, 19) === text.slice(0, 19) ? timeMs : undefined;
}

/** `i-` + 17 hexadecimal digits: what the model demands of launched machines (EC2InstanceID). */
export function instanceId(random: Random = systemRandom): string {
  return `i-${random.bytes(9).toString('hex').slice(0, 17)}`;
}

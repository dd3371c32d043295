/** What happened to a server, from everything that tells of it, newest first. Pure. */
import type { Landfall, Mgn } from '@landfall/api/types';
import type { Formats } from '../../../i18n/formats.ts';
import type { Translate } from '../../../i18n/i18n-context.tsx';

export interface ServerEvent {
  readonly id: string;
  readonly timeMs: number;
  readonly text: string;
  /** Absent: nobody in particular. */
  readonly who?: string;
}

export interface EventSources {
  readonly sourceServerID: string;
  readonly jobs: readonly Mgn.Job[];
  readonly replication: Landfall.DescribeReplicationResponse | undefined;
  readonly audit: readonly Landfall.AuditEvent[];
}

export interface Words {
  readonly t: Translate;
  readonly formats: Pick<Formats, 'bytes' | 'instant'>;
}

export function eventsOf(sources: EventSources, words: Words): readonly ServerEvent[] {
  const all = [
    ...jobEvents(sources, words),
    ...diskEvents(sources, words),
    ...suspicionEvents(sources, words),
  ];
  return [...all, ...auditEvents(sources)].sort((left, right) => right.timeMs - left.timeMs);
}

function jobEvents({ sourceServerID, jobs }: EventSources, { t }: Words): readonly ServerEvent[] {
  const own = jobs.filter(({ participatingServers = [] }) =>
    participatingServers.some((server) => server.sourceServerID === sourceServerID),
  );
  return own.flatMap((job) => {
    const { jobID, initiatedBy = 'START_TEST', participatingServers = [] } = job;
    const name = t(`job.${initiatedBy}`);
    const isFailed = participatingServers.some(
      (server) => server.sourceServerID === sourceServerID && server.launchStatus === 'FAILED',
    );
    const ended = t(isFailed ? 'job.status.FAILED' : 'job.status.COMPLETED');
    const marks = [
      [job.creationDateTime, t('job.status.STARTED')],
      [job.endDateTime, ended],
    ] as const;
    return marks.flatMap(([time, status]) =>
      time === undefined
        ? []
        : [
            {
              id: `${jobID} ${time}`,
              timeMs: Date.parse(time),
              text: t('events.job', { job: name, status }),
            },
          ],
    );
  });
}

function diskEvents({ replication }: EventSources, { t, formats }: Words): readonly ServerEvent[] {
  return (replication?.diskChanges ?? []).map(({ kind, deviceName, sizeBytes, dateTime, diskID }) => ({
    id: `${diskID} ${kind} ${dateTime}`,
    timeMs: Date.parse(dateTime),
    text: t(`events.diskChange.${kind}`, { device: deviceName, size: formats.bytes(sizeBytes) }),
  }));
}

function suspicionEvents({ replication }: EventSources, { t, formats }: Words): readonly ServerEvent[] {
  return (replication?.tripwire?.suspicions ?? []).map(
    ({ detectedDateTime, beganDateTime, convertedBytes }) => ({
      id: `suspicion ${beganDateTime}`,
      timeMs: Date.parse(detectedDateTime),
      text: t('timeline.suspicion', {
        time: formats.instant(beganDateTime),
        bytes: formats.bytes(convertedBytes),
      }),
    }),
  );
}

/** Looking is not worth telling. */
const READS = /:(Describe|Get|List|Stream)/;

function auditEvents({ sourceServerID, audit }: EventSources): readonly ServerEvent[] {
  const own = audit.filter(
    ({ action, resources }) =>
      !READS.test(action) && resources.some((resource) => resource.endsWith(`/${sourceServerID}`)),
  );
  return own.map(({ eventID, eventDateTime, action, outcome, message, principal }) => ({
    id: eventID,
    timeMs: Date.parse(eventDateTime),
    text: [action, outcome === 'SUCCESS' ? '' : outcome, message ?? '']
      .filter((part) => part !== '')
      .join(': '),
    ...(principal === undefined ? {} : { who: principal.replace(/^arn:[^/]*:/, '') }),
  }));
}

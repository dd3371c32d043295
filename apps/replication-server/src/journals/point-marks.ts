/** Names and locks of recovery points, as the control plane is told of them. */
import type { MarkedRecoveryPoint } from '@landfall/channel';
import type { JournalGroup, RecoveryPointQuery } from '@landfall/journal';
import type { RecoveryPoint } from '@landfall/model';

export function withMarks(
  group: JournalGroup,
  points: readonly RecoveryPoint[],
): readonly MarkedRecoveryPoint[] {
  const names = new Map(group.pins.map(({ epoch, name }) => [epoch, name]));
  const locks = new Map(group.locks.map(({ epoch, untilMs }) => [epoch, untilMs]));
  return points.map((point) => {
    const [name, lockedUntilMs] = [names.get(point.epoch), locks.get(point.epoch)];
    return {
      ...point,
      ...(name === undefined ? {} : { name }),
      ...(lockedUntilMs === undefined ? {} : { lockedUntilMs }),
    };
  });
}

export function withMark(group: JournalGroup, point: RecoveryPoint): MarkedRecoveryPoint {
  return withMarks(group, [point])[0] ?? point;
}

/** Those with a name or a lock, newest first. */
export function markedPoints(group: JournalGroup, query: RecoveryPointQuery): readonly MarkedRecoveryPoint[] {
  const epochs = [...group.pins, ...group.locks].map(({ epoch }) => epoch);
  const { fromMs = -Infinity, toMs = Infinity, limit = Infinity } = query;
  const points = [...new Set(epochs)]
    .sort((left, right) => right - left)
    .flatMap((epoch) => group.recoveryPoint(epoch) ?? [])
    .filter(({ cutTimeMs }) => cutTimeMs >= fromMs && cutTimeMs <= toMs);
  return withMarks(group, points.slice(0, limit));
}

/**
 * Types only, nothing of Node: what a browser says and hears on the wire. The console has its own small
 * client, because ours speaks `node:https`.
 */
export type { EventType, ServiceEvent } from './landfall/landfall-event-types.ts';
export type * as Landfall from './landfall/landfall-types.ts';
export type { LandfallOperations } from './landfall/landfall-types.ts';
export type * as Mgn from './mgn-types.generated.ts';
export type { MgnOperations } from './mgn-types.generated.ts';

/**
 * Every page: its address and its place in the navigation; pure, so that tests walk over the same table. The
 * first pattern that fits an address is its page.
 */
import type { MessageKey } from '../i18n/languages.ts';

export interface PageRow {
  readonly pattern: string;
  readonly title: MessageKey;
  /** Which entry of the navigation it belongs to; absent: its own. */
  readonly under?: string;
}

export const PAGE_TABLE = [
  { pattern: '/', title: 'shell.dashboard' },
  { pattern: '/servers/add', title: 'shell.addServer' },
  { pattern: '/servers/:serverId', title: 'shell.servers', under: '/servers' },
  { pattern: '/servers', title: 'shell.servers' },
  { pattern: '/machines/:machineId', title: 'machines.title', under: '/machines' },
  { pattern: '/machines', title: 'machines.title' },
  { pattern: '/jobs/:jobId', title: 'jobs.title', under: '/jobs' },
  { pattern: '/jobs', title: 'jobs.title' },
  { pattern: '/applications/:applicationId', title: 'group.application.plural', under: '/applications' },
  { pattern: '/applications', title: 'group.application.plural' },
  { pattern: '/waves/:waveId', title: 'group.wave.plural', under: '/waves' },
  { pattern: '/waves', title: 'group.wave.plural' },
  { pattern: '/access/users/:userName', title: 'access.users', under: '/access' },
  { pattern: '/access/roles/:roleName', title: 'access.roles', under: '/access' },
  { pattern: '/access/policies/:policyName', title: 'access.policies', under: '/access' },
  { pattern: '/access/new-role', title: 'access.role.create', under: '/access' },
  { pattern: '/access/new-policy', title: 'access.policy.create', under: '/access' },
  { pattern: '/access', title: 'access.title' },
  { pattern: '/audit', title: 'audit.title' },
  { pattern: '/templates/launch/:templateId', title: 'templates.title', under: '/templates' },
  { pattern: '/templates', title: 'templates.title' },
  { pattern: '/inventory/imports/:importId', title: 'inventory.imports', under: '/inventory' },
  { pattern: '/inventory/exports/:exportId', title: 'inventory.exports', under: '/inventory' },
  { pattern: '/inventory', title: 'inventory.title' },
  { pattern: '/settings/webhooks/:webhookId', title: 'webhooks.one', under: '/settings' },
  { pattern: '/settings', title: 'settings.title' },
] as const satisfies readonly PageRow[];
export type PagePattern = (typeof PAGE_TABLE)[number]['pattern'];

/** The navigation, in groups. */
export const NAVIGATION: readonly (readonly PagePattern[])[] = [
  ['/', '/servers', '/servers/add'],
  ['/machines', '/jobs', '/applications', '/waves'],
  ['/templates', '/inventory'],
  ['/access', '/audit', '/settings'],
];

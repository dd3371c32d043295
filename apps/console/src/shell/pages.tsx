/**
 * Every page: its address, its place in the navigation, and the code it loads. A page is a component without
 * properties; what stands in its address it asks for with `useParameters`.
 */
import { type ComponentType, createContext, type LazyExoticComponent, lazy, useContext } from 'react';
import type { MessageKey } from '../i18n/languages.ts';
import { matchPath, type RouteParameters } from './route.ts';

export interface Page {
  readonly pattern: string;
  readonly title: MessageKey;
  readonly load: LazyExoticComponent<ComponentType>;
  /** Which entry of the navigation it belongs to; absent: its own. */
  readonly under?: string;
}

function page(pattern: string, title: MessageKey, load: () => Promise<ComponentType>, under?: string): Page {
  const loaded = lazy(async () => ({ default: await load() }));
  return { pattern, title, load: loaded, ...(under === undefined ? {} : { under }) };
}

export const PAGES: readonly Page[] = [
  page(
    '/',
    'shell.dashboard',
    async () => (await import('../pages/dashboard/dashboard-page.tsx')).DashboardPage,
  ),
  page(
    '/servers/add',
    'shell.addServer',
    async () => (await import('../pages/add-server/add-server-page.tsx')).AddServerPage,
  ),
  page(
    '/servers/:serverId',
    'shell.servers',
    async () => (await import('../pages/server/server-page.tsx')).ServerPage,
    '/servers',
  ),
  page(
    '/servers',
    'shell.servers',
    async () => (await import('../pages/servers/servers-page.tsx')).ServersPage,
  ),
  page(
    '/machines/:machineId',
    'machines.title',
    async () => (await import('../pages/machine/machine-page.tsx')).MachinePage,
    '/machines',
  ),
  page(
    '/machines',
    'machines.title',
    async () => (await import('../pages/machines/machines-page.tsx')).MachinesPage,
  ),
  page(
    '/jobs/:jobId',
    'jobs.title',
    async () => (await import('../pages/job/job-page.tsx')).JobPage,
    '/jobs',
  ),
  page('/jobs', 'jobs.title', async () => (await import('../pages/jobs/jobs-page.tsx')).JobsPage),
  page(
    '/applications/:applicationId',
    'group.application.plural',
    async () => (await import('../pages/application/application-page.tsx')).ApplicationPage,
    '/applications',
  ),
  page(
    '/applications',
    'group.application.plural',
    async () => (await import('../pages/applications/applications-page.tsx')).ApplicationsPage,
  ),
  page(
    '/waves/:waveId',
    'group.wave.plural',
    async () => (await import('../pages/wave/wave-page.tsx')).WavePage,
    '/waves',
  ),
  page('/waves', 'group.wave.plural', async () => (await import('../pages/waves/waves-page.tsx')).WavesPage),
  page(
    '/access/users/:userName',
    'access.users',
    async () => (await import('../pages/access/user-page.tsx')).UserPage,
    '/access',
  ),
  page(
    '/access/roles/:roleName',
    'access.roles',
    async () => (await import('../pages/access/role-page.tsx')).RolePage,
    '/access',
  ),
  page(
    '/access/policies/:policyName',
    'access.policies',
    async () => (await import('../pages/access/policy-page.tsx')).PolicyPage,
    '/access',
  ),
  page(
    '/access/new-role',
    'access.role.create',
    async () => (await import('../pages/access/new-role-page.tsx')).NewRolePage,
    '/access',
  ),
  page(
    '/access/new-policy',
    'access.policy.create',
    async () => (await import('../pages/access/new-policy-page.tsx')).NewPolicyPage,
    '/access',
  ),
  page('/access', 'access.title', async () => (await import('../pages/access/access-page.tsx')).AccessPage),
  page('/audit', 'audit.title', async () => (await import('../pages/audit/audit-page.tsx')).AuditPage),
  page(
    '/templates/launch/:templateId',
    'templates.title',
    async () => (await import('../pages/templates/launch-template-page.tsx')).LaunchTemplatePage,
    '/templates',
  ),
  page(
    '/templates',
    'templates.title',
    async () => (await import('../pages/templates/templates-page.tsx')).TemplatesPage,
  ),
  page(
    '/inventory/imports/:importId',
    'inventory.imports',
    async () => (await import('../pages/inventory/import-page.tsx')).ImportPage,
    '/inventory',
  ),
  page(
    '/inventory/exports/:exportId',
    'inventory.exports',
    async () => (await import('../pages/inventory/export-page.tsx')).ExportPage,
    '/inventory',
  ),
  page(
    '/inventory',
    'inventory.title',
    async () => (await import('../pages/inventory/inventory-page.tsx')).InventoryPage,
  ),
  page(
    '/settings/webhooks/:webhookId',
    'webhooks.one',
    async () => (await import('../pages/settings/webhooks/webhook-page.tsx')).WebhookPage,
    '/settings',
  ),
  page(
    '/settings',
    'settings.title',
    async () => (await import('../pages/settings/settings-page.tsx')).SettingsPage,
  ),
];

/** The navigation, in groups. */
export const NAVIGATION: readonly (readonly string[])[] = [
  ['/', '/servers', '/servers/add'],
  ['/machines', '/jobs', '/applications', '/waves'],
  ['/templates', '/inventory'],
  ['/access', '/audit', '/settings'],
];

export interface FoundPage {
  readonly page: Page;
  readonly parameters: RouteParameters;
}

export function findPage(path: string): FoundPage | undefined {
  for (const one of PAGES) {
    const parameters = matchPath(one.pattern, path);
    if (parameters !== undefined) return { page: one, parameters };
  }
  return undefined;
}

export const ParametersContext = createContext<RouteParameters>({});

/** What stands in the address for `:name`. */
export function useParameter(name: string): string {
  return useContext(ParametersContext)[name] ?? '';
}

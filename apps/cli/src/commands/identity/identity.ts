/** Users, access keys, roles, policies and the audit log: who may do what, and who did. */
import type { Command } from 'commander';
import { addAccessKeyCommands } from './access-key.ts';
import { addAuditCommands } from './audit.ts';
import { addPolicyCommands } from './policy.ts';
import { addRoleCommands } from './role.ts';
import { addUserCommands } from './user.ts';

export function addIdentityCommands(program: Command): void {
  addUserCommands(program);
  addAccessKeyCommands(program);
  addRoleCommands(program);
  addPolicyCommands(program);
  addAuditCommands(program);
}

/** Users, roles, access keys, policies and the audit log: operations and shapes of the `landfall` service. */

import type { OperationModel, ShapeModel } from '../service-model.ts';
import { read, write } from './landfall-operation.ts';

export const IDENTITY_OPERATIONS = {
  CreateUser: write('CreateUser', 'ConflictException', 'ServiceQuotaExceededException'),
  ListUsers: read('ListUsers'),
  DeleteUser: write('DeleteUser', 'ConflictException', 'ResourceNotFoundException'),
  CreateAccessKey: write('CreateAccessKey', 'ResourceNotFoundException', 'ServiceQuotaExceededException'),
  ListAccessKeys: read('ListAccessKeys', 'ResourceNotFoundException'),
  UpdateAccessKey: { ...write('UpdateAccessKey', 'ResourceNotFoundException'), idempotent: true },
  DeleteAccessKey: write('DeleteAccessKey', 'ResourceNotFoundException'),
  CreateRole: write('CreateRole', 'ConflictException', 'ServiceQuotaExceededException'),
  ListRoles: read('ListRoles'),
  DeleteRole: write('DeleteRole', 'ResourceNotFoundException'),
  PutPolicy: {
    ...write('PutPolicy', 'ConflictException', 'ServiceQuotaExceededException'),
    idempotent: true,
  },
  GetPolicy: read('GetPolicy', 'ResourceNotFoundException'),
  ListPolicies: read('ListPolicies'),
  DeletePolicy: write('DeletePolicy', 'ConflictException', 'ResourceNotFoundException'),
  AttachPolicy: { ...write('AttachPolicy', 'ResourceNotFoundException'), idempotent: true },
  DetachPolicy: {
    ...write('DetachPolicy', 'ConflictException', 'ResourceNotFoundException'),
    idempotent: true,
  },
  ListAuditEvents: read('ListAuditEvents'),
} as const satisfies Record<string, OperationModel>;

const PAGE = { maxResults: 'MaxResultsType', nextToken: 'PaginationToken' } as const;
const HOLDER = { policyName: 'IdentityName', userName: 'IdentityName', roleName: 'IdentityName' } as const;

const REQUESTS = {
  CreateUserRequest: { type: 'structure', required: ['userName'], members: { userName: 'IdentityName' } },
  ListUsersRequest: { type: 'structure', members: PAGE },
  DeleteUserRequest: { type: 'structure', required: ['userName'], members: { userName: 'IdentityName' } },
  CreateAccessKeyRequest: {
    type: 'structure',
    required: ['userName'],
    members: { userName: 'IdentityName' },
  },
  ListAccessKeysRequest: { type: 'structure', required: ['userName'], members: { userName: 'IdentityName' } },
  UpdateAccessKeyRequest: {
    type: 'structure',
    required: ['userName', 'accessKeyID', 'status'],
    members: { userName: 'IdentityName', accessKeyID: 'AccessKeyID', status: 'AccessKeyStatus' },
  },
  DeleteAccessKeyRequest: {
    type: 'structure',
    required: ['userName', 'accessKeyID'],
    members: { userName: 'IdentityName', accessKeyID: 'AccessKeyID' },
  },
  CreateRoleRequest: {
    type: 'structure',
    required: ['roleName', 'trustPolicy'],
    members: { roleName: 'IdentityName', trustPolicy: 'PolicyText', maxSessionSeconds: 'RoleSessionSeconds' },
  },
  ListRolesRequest: { type: 'structure', members: PAGE },
  DeleteRoleRequest: { type: 'structure', required: ['roleName'], members: { roleName: 'IdentityName' } },
  PutPolicyRequest: {
    type: 'structure',
    required: ['policyName', 'document'],
    members: { policyName: 'IdentityName', document: 'PolicyText', expectedRevision: 'SettingsRevision' },
  },
  GetPolicyRequest: { type: 'structure', required: ['policyName'], members: { policyName: 'IdentityName' } },
  ListPoliciesRequest: { type: 'structure', members: PAGE },
  DeletePolicyRequest: {
    type: 'structure',
    required: ['policyName'],
    members: { policyName: 'IdentityName', expectedRevision: 'SettingsRevision' },
  },
  AttachPolicyRequest: { type: 'structure', required: ['policyName'], members: HOLDER },
  DetachPolicyRequest: { type: 'structure', required: ['policyName'], members: HOLDER },
  ListAuditEventsRequest: {
    type: 'structure',
    members: {
      ...PAGE,
      fromDateTime: 'ISO8601DatetimeString',
      toDateTime: 'ISO8601DatetimeString',
      principal: 'AuditText',
      action: 'AuditText',
      outcome: 'AuditText',
    },
  },
} as const satisfies Record<string, ShapeModel>;

const RESPONSES = {
  CreateUserResponse: { type: 'structure', required: ['user'], members: { user: 'IdentityUser' } },
  ListUsersResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'IdentityUsers', nextToken: 'PaginationToken' },
  },
  DeleteUserResponse: { type: 'structure', members: {} },
  CreateAccessKeyResponse: {
    type: 'structure',
    required: ['accessKey', 'secretAccessKey'],
    members: { accessKey: 'AccessKeyItem', secretAccessKey: 'Text' },
  },
  ListAccessKeysResponse: { type: 'structure', required: ['items'], members: { items: 'AccessKeyItems' } },
  UpdateAccessKeyResponse: { type: 'structure', members: {} },
  DeleteAccessKeyResponse: { type: 'structure', members: {} },
  CreateRoleResponse: { type: 'structure', required: ['role'], members: { role: 'IdentityRole' } },
  ListRolesResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'IdentityRoles', nextToken: 'PaginationToken' },
  },
  DeleteRoleResponse: { type: 'structure', members: {} },
  PutPolicyResponse: { type: 'structure', required: ['policy'], members: { policy: 'IdentityPolicy' } },
  GetPolicyResponse: {
    type: 'structure',
    required: ['policy', 'document'],
    members: { policy: 'IdentityPolicy', document: 'Text' },
  },
  ListPoliciesResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'IdentityPolicies', nextToken: 'PaginationToken' },
  },
  DeletePolicyResponse: { type: 'structure', members: {} },
  AttachPolicyResponse: { type: 'structure', members: {} },
  DetachPolicyResponse: { type: 'structure', members: {} },
  ListAuditEventsResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'AuditEvents', nextToken: 'PaginationToken' },
  },
} as const satisfies Record<string, ShapeModel>;

const STRUCTURES = {
  IdentityUser: {
    type: 'structure',
    required: ['userName', 'userID', 'arn', 'createdDateTime', 'policies', 'accessKeys'],
    members: {
      userName: 'Text',
      userID: 'Text',
      arn: 'Text',
      createdDateTime: 'Text',
      policies: 'Texts',
      accessKeys: 'Count',
    },
  },
  IdentityRole: {
    type: 'structure',
    required: [
      'roleName',
      'roleID',
      'arn',
      'createdDateTime',
      'policies',
      'trustPolicy',
      'maxSessionSeconds',
    ],
    members: {
      roleName: 'Text',
      roleID: 'Text',
      arn: 'Text',
      createdDateTime: 'Text',
      policies: 'Texts',
      trustPolicy: 'Text',
      maxSessionSeconds: 'Count',
    },
  },
  AccessKeyItem: {
    type: 'structure',
    required: ['accessKeyID', 'userName', 'status', 'createdDateTime'],
    members: { accessKeyID: 'Text', userName: 'Text', status: 'AccessKeyStatus', createdDateTime: 'Text' },
  },
  IdentityPolicy: {
    type: 'structure',
    required: ['policyName', 'arn', 'managed', 'attachedTo'],
    members: {
      policyName: 'Text',
      arn: 'Text',
      managed: 'Boolean',
      updatedDateTime: 'Text',
      revision: 'Text',
      attachedTo: 'Texts',
    },
  },
  AuditEvent: {
    type: 'structure',
    required: ['eventID', 'eventDateTime', 'action', 'resources', 'sourceAddress', 'outcome'],
    members: {
      eventID: 'Text',
      eventDateTime: 'Text',
      principal: 'Text',
      accessKeyID: 'Text',
      action: 'Text',
      resources: 'Texts',
      sourceAddress: 'Text',
      outcome: 'Text',
      message: 'Text',
    },
  },
} as const satisfies Record<string, ShapeModel>;

export const IDENTITY_SHAPES = {
  ...REQUESTS,
  ...RESPONSES,
  ...STRUCTURES,
  IdentityUsers: { type: 'list', member: 'IdentityUser' },
  IdentityRoles: { type: 'list', member: 'IdentityRole' },
  AccessKeyItems: { type: 'list', member: 'AccessKeyItem' },
  IdentityPolicies: { type: 'list', member: 'IdentityPolicy' },
  AuditEvents: { type: 'list', member: 'AuditEvent' },
  IdentityName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
  AccessKeyID: { type: 'string', min: 20, max: 20, pattern: '[A-Z0-9]{20}' },
  AccessKeyStatus: { type: 'string', enum: ['ACTIVE', 'INACTIVE'] },
  PolicyText: { type: 'string', min: 1, max: 6144 },
  SettingsRevision: { type: 'string', min: 4, max: 16, pattern: 'none|[0-9a-f]{16}' },
  RoleSessionSeconds: { type: 'integer', min: 3600, max: 43_200 },
  AuditText: { type: 'string', min: 1, max: 256 },
} as const satisfies Record<string, ShapeModel>;

/** Users, roles, access keys, policies and the audit log in the `landfall` service. */

type Empty = Record<string, never>;

export interface IdentityOperations {
  readonly CreateUser: { readonly input: UserRequest; readonly output: CreateUserResponse };
  readonly ListUsers: { readonly input: IdentityPageRequest; readonly output: ListUsersResponse };
  /** Its access keys and sessions end with it. */
  readonly DeleteUser: { readonly input: UserRequest; readonly output: Empty };
  /** The only answer that ever holds the secret. */
  readonly CreateAccessKey: { readonly input: UserRequest; readonly output: CreateAccessKeyResponse };
  readonly ListAccessKeys: { readonly input: UserRequest; readonly output: ListAccessKeysResponse };
  readonly UpdateAccessKey: { readonly input: UpdateAccessKeyRequest; readonly output: Empty };
  readonly DeleteAccessKey: { readonly input: DeleteAccessKeyRequest; readonly output: Empty };
  readonly CreateRole: { readonly input: CreateRoleRequest; readonly output: CreateRoleResponse };
  readonly ListRoles: { readonly input: IdentityPageRequest; readonly output: ListRolesResponse };
  readonly DeleteRole: { readonly input: { readonly roleName: string }; readonly output: Empty };
  /** Creates or replaces. */
  readonly PutPolicy: { readonly input: PutPolicyRequest; readonly output: PutPolicyResponse };
  readonly GetPolicy: { readonly input: PolicyRequest; readonly output: GetPolicyResponse };
  readonly ListPolicies: { readonly input: IdentityPageRequest; readonly output: ListPoliciesResponse };
  readonly DeletePolicy: { readonly input: DeletePolicyRequest; readonly output: Empty };
  readonly AttachPolicy: { readonly input: AttachPolicyRequest; readonly output: Empty };
  readonly DetachPolicy: { readonly input: AttachPolicyRequest; readonly output: Empty };
  readonly ListAuditEvents: {
    readonly input: ListAuditEventsRequest;
    readonly output: ListAuditEventsResponse;
  };
}

export interface IdentityPageRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface UserRequest {
  readonly userName: string;
}

export interface CreateUserResponse {
  readonly user: IdentityUser;
}

export interface ListUsersResponse {
  readonly items: readonly IdentityUser[];
  readonly nextToken?: string | undefined;
}

export interface IdentityUser {
  readonly userName: string;
  readonly userID: string;
  readonly arn: string;
  readonly createdDateTime: string;
  /** Names of the attached ones. */
  readonly policies: readonly string[];
  readonly accessKeys: number;
}

export type AccessKeyStatus = 'ACTIVE' | 'INACTIVE';

export interface AccessKeyItem {
  readonly accessKeyID: string;
  readonly userName: string;
  readonly status: AccessKeyStatus;
  readonly createdDateTime: string;
}

export interface CreateAccessKeyResponse {
  readonly accessKey: AccessKeyItem;
  readonly secretAccessKey: string;
}

export interface ListAccessKeysResponse {
  readonly items: readonly AccessKeyItem[];
}

export interface UpdateAccessKeyRequest {
  readonly userName: string;
  readonly accessKeyID: string;
  readonly status: AccessKeyStatus;
}

export interface DeleteAccessKeyRequest {
  readonly userName: string;
  readonly accessKeyID: string;
}

export interface CreateRoleRequest {
  readonly roleName: string;
  /** IAM JSON: who may assume it. */
  readonly trustPolicy: string;
  /** Default: an hour. */
  readonly maxSessionSeconds?: number | undefined;
}

export interface IdentityRole {
  readonly roleName: string;
  readonly roleID: string;
  readonly arn: string;
  readonly createdDateTime: string;
  readonly policies: readonly string[];
  readonly trustPolicy: string;
  readonly maxSessionSeconds: number;
}

export interface CreateRoleResponse {
  readonly role: IdentityRole;
}

export interface ListRolesResponse {
  readonly items: readonly IdentityRole[];
  readonly nextToken?: string | undefined;
}

export interface PolicyRequest {
  readonly policyName: string;
}

export interface PutPolicyRequest {
  readonly policyName: string;
  /** IAM JSON. */
  readonly document: string;
  /**
   * Of the policy as it was read; `none`: there must be none of that name. ConflictException when it is
   * another by now. Absent: whatever is there is replaced.
   */
  readonly expectedRevision?: string | undefined;
}

export interface DeletePolicyRequest {
  readonly policyName: string;
  /** As in `PutPolicyRequest`. */
  readonly expectedRevision?: string | undefined;
}

export interface IdentityPolicy {
  readonly policyName: string;
  readonly arn: string;
  /** Comes with Landfall and cannot be changed. */
  readonly managed: boolean;
  readonly updatedDateTime?: string | undefined;
  /** Of its document; absent of one that comes with Landfall. */
  readonly revision?: string | undefined;
  /** ARNs of users and roles. */
  readonly attachedTo: readonly string[];
}

export interface PutPolicyResponse {
  readonly policy: IdentityPolicy;
}

export interface GetPolicyResponse {
  readonly policy: IdentityPolicy;
  readonly document: string;
}

export interface ListPoliciesResponse {
  readonly items: readonly IdentityPolicy[];
  readonly nextToken?: string | undefined;
}

/** Either a user or a role. */
export interface AttachPolicyRequest {
  readonly policyName: string;
  readonly userName?: string | undefined;
  readonly roleName?: string | undefined;
}

export interface ListAuditEventsRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
  readonly fromDateTime?: string | undefined;
  readonly toDateTime?: string | undefined;
  /** Its whole ARN. */
  readonly principal?: string | undefined;
  /** `mgn:StartTest` */
  readonly action?: string | undefined;
  readonly outcome?: string | undefined;
}

export interface ListAuditEventsResponse {
  /** Newest first. */
  readonly items: readonly AuditEvent[];
  readonly nextToken?: string | undefined;
}

export interface AuditEvent {
  /** The request id of the answer. */
  readonly eventID: string;
  readonly eventDateTime: string;
  /** ARN; absent when the caller did not prove who it is. */
  readonly principal?: string | undefined;
  readonly accessKeyID?: string | undefined;
  readonly action: string;
  readonly resources: readonly string[];
  readonly sourceAddress: string;
  /** `SUCCESS`, `STARTED` (no end is known), or the name of the exception that was answered. */
  readonly outcome: string;
  readonly message?: string | undefined;
}

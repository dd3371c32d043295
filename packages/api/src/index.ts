export { isoDuration, publicId } from '@landfall/runtime';
export * from './api-error.ts';
export * from './client/http-api-client.ts';
export * from './client/http-query-client.ts';
export * from './dispatch.ts';
export * from './ec2/ec2-answer.ts';
export * from './ec2/ec2-error.ts';
export { KEPT_LAUNCH_TEMPLATE_MEMBERS } from './ec2/ec2-launch-template-model.ts';
export { type Ec2Values, pickEc2Values, showEc2Values } from './ec2/ec2-member.ts';
export type { Ec2Operation, Ec2Resource } from './ec2/ec2-operation.ts';
export * from './ec2/ec2-operations.ts';
export type { EventType, ServiceEvent } from './landfall/landfall-event-types.ts';
export type * as Landfall from './landfall/landfall-types.ts';
export type { LandfallOperations } from './landfall/landfall-types.ts';
export * from './messages/decode-input.ts';
export * from './messages/encode-input.ts';
export * from './messages/encode-response.ts';
export * from './messages/paginate.ts';
export * from './messages/server-sent-events.ts';
export * from './messages/validate-input.ts';
export type * as Mgn from './mgn-types.generated.ts';
export type { MgnOperations } from './mgn-types.generated.ts';
export * from './names.ts';
export * from './openapi/openapi-document.ts';
export {
  type AnyOperation,
  allOperations,
  type Handlers,
  type InputOf,
  inputMembers,
  type Operation,
  type OperationName,
  type OutputOf,
  operations,
  shapeOf,
} from './operations.ts';
export { type QueryForm, readQueryForm } from './query/query-form.ts';
export { writeXmlDocument, XmlList, type XmlMembers, type XmlValue } from './query/xml-document.ts';
export * from './route.ts';
export type { HttpMethod, ServiceName } from './service-model.ts';
export * from './signatures/proof-document.ts';
export * from './signatures/signature.ts';
export * from './signatures/webhook-signature.ts';
export * from './sts-operations.ts';

export { isoDuration, publicId } from '@landfall/runtime';
export * from './api-error.ts';
export * from './decode-input.ts';
export * from './dispatch.ts';
export * from './ec2/ec2-answer.ts';
export * from './ec2/ec2-error.ts';
export { KEPT_LAUNCH_TEMPLATE_MEMBERS } from './ec2/ec2-launch-template-model.ts';
export { type Ec2Values, pickEc2Values, showEc2Values } from './ec2/ec2-member.ts';
export type { Ec2Operation, Ec2Resource } from './ec2/ec2-operation.ts';
export * from './ec2/ec2-operations.ts';
export * from './encode-input.ts';
export * from './encode-response.ts';
export * from './http-api-client.ts';
export type { EventType, ServiceEvent } from './landfall-event-types.ts';
export type * as Landfall from './landfall-types.ts';
export type { LandfallOperations } from './landfall-types.ts';
export type * as Mgn from './mgn-types.generated.ts';
export type { MgnOperations } from './mgn-types.generated.ts';
export * from './names.ts';
export * from './openapi-document.ts';
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
export * from './paginate.ts';
export * from './proof-document.ts';
export { type QueryForm, readQueryForm } from './query/query-form.ts';
export { writeXmlDocument, XmlList, type XmlMembers, type XmlValue } from './query/xml-document.ts';
export * from './route.ts';
export * from './server-sent-events.ts';
export type { HttpMethod, ServiceName } from './service-model.ts';
export * from './signature.ts';
export * from './validate-input.ts';
export * from './webhook-signature.ts';

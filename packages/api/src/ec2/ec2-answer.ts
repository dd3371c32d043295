/** The answer to a call of EC2 that was made. */
import type { ApiResponse } from '../messages/encode-response.ts';
import { writeXmlDocument, type XmlMembers } from '../query/xml-document.ts';
import { EC2_VERSION, type Ec2OperationName } from './ec2-operations.ts';

export function encodeEc2Output(name: Ec2OperationName, members: XmlMembers, requestId: string): ApiResponse {
  const body = writeXmlDocument({
    name: `${name}Response`,
    namespace: `http://ec2.amazonaws.com/doc/${EC2_VERSION}/`,
    members: { requestId, ...members },
  });
  const headers = { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId };
  return { status: 200, headers, body };
}

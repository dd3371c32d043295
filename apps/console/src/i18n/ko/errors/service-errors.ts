import type { ErrorTexts } from '../../error-texts.ts';

export const SERVICE_ERRORS = {
  ADDRESS_MISSING: {
    meaning: '컨트롤 플레인에 닿을 주소가 주어지지 않았습니다.',
    remedy: '--address 를 하나 이상 주어 시작하세요.',
  },
  ADDRESS_UNUSABLE: {
    meaning: '프로그램이 주어진 주소나 포트에서 연결을 기다릴 수 없습니다.',
    remedy: '이 컴퓨터의 주소와 이 사용자가 열 수 있는 포트를 주세요.',
  },
  AGENT_BINARY_MISSING: {
    meaning: '컨트롤 플레인에 설치할 때 내려받을 에이전트가 없습니다.',
    remedy: '에이전트를 빌드하거나, 컨트롤 플레인을 --agent-binary FILE.gz 로 시작하세요.',
  },
  API_ENDPOINT_INVALID: {
    meaning: '컨트롤 플레인의 주소로 주어진 것이 주소가 아닙니다.',
    remedy: 'https://HOST:PORT 형식으로 주세요.',
  },
  API_RESPONSE_INVALID: {
    meaning: '엔드포인트의 응답이 Landfall 컨트롤 플레인의 응답이 아닙니다.',
    remedy: '주소를 확인하고, 클라이언트와 컨트롤 플레인의 버전이 같은지 확인하세요.',
  },
  API_UNREACHABLE: {
    meaning: '컨트롤 플레인이 응답하지 않았습니다.',
    remedy: '실행 중인지, 주소와 포트가 맞고 막혀 있지 않은지 확인하세요.',
  },
  API_UNTRUSTED: {
    meaning: '컨트롤 플레인의 인증서를 클라이언트가 신뢰하지 않습니다.',
    remedy: '컨트롤 플레인의 CA 인증서와, 인증서가 만들어진 주소를 주세요.',
  },
  BODY_TOO_LARGE: {
    meaning: '컨트롤 플레인에 보낸 요청이 허용된 것보다 큽니다.',
    remedy: '컨트롤 플레인과 같은 버전의 프로그램을 쓰세요.',
  },
  CERTIFICATE_EXPIRED: {
    meaning: '프로그램의 인증서가 만료되었습니다. 너무 오래되지 않았다면 프로그램이 스스로 갱신합니다.',
    remedy: '몇 달 동안 꺼져 있었다면 새 토큰으로 다시 설치하세요. ID와 복제본은 그대로 남습니다.',
  },
  CERTIFICATE_REQUIRED: {
    meaning: '이 요청에는 등록된 프로그램의 클라이언트 인증서가 필요합니다.',
    remedy: '먼저 토큰으로 프로그램을 등록하세요.',
  },
  CHANNEL_ANSWER_INVALID: {
    meaning: '프로그램에 보낸 컨트롤 플레인의 응답을 쓸 수 없습니다.',
    remedy: '주소가 같은 버전의 Landfall 컨트롤 플레인의 것인지 확인하세요.',
  },
  COMMAND_UNKNOWN: {
    meaning: '컨트롤 플레인이 프로그램이 모르는 명령을 보냈습니다.',
    remedy: '프로그램을 컨트롤 플레인의 버전으로 올리세요.',
  },
  CONSOLE_NOT_BUILT: {
    meaning: '콘솔이라고 지정한 폴더에 콘솔이 없습니다.',
    remedy: 'npm run build -w apps/console 로 빌드하거나, --console-dir 을 빼세요.',
  },
  CONTROL_PLANE_UNREACHABLE: {
    meaning: '프로그램이 컨트롤 플레인의 응답을 받지 못합니다.',
    remedy: '컨트롤 플레인이 실행 중이고 포트가 열려 있는지 확인하세요. 프로그램은 계속 시도합니다.',
  },
  CONTROL_PLANE_UNTRUSTED: {
    meaning: '응답하는 것이 토큰이나 등록에 적힌 컨트롤 플레인이 아닙니다.',
    remedy: '새 토큰을 만드세요. 그래도 같다면 다른 무엇이 그 자리에서 응답하는 것입니다.',
  },
  DISCONNECTED: {
    meaning: '복제 서버가 일부러 연결을 끝냈습니다.',
    remedy: '할 일이 없습니다. 서버를 계속 복제해야 한다면 에이전트가 다시 연결합니다.',
  },
  DISKS_UNSUPPORTED: {
    meaning: '소스 서버에 디스크가 없거나 60개보다 많습니다.',
    remedy: '에이전트가 어떤 디스크를 찾았는지 `landfall-agent status` 로 확인하세요.',
  },
  EQUALITY_PROOF_INVALID: {
    meaning: '동일성 증명의 보고서가 컨트롤 플레인이 서명한 것이 아닙니다.',
    remedy: '보고서를 다시 받아, 그것을 만든 컨트롤 플레인의 인증서(ca.pem)로 확인하세요.',
  },
  HYDRATION_TIMED_OUT: {
    meaning: '시작한 시스템의 디스크가 제때 모두 채워지지 않았습니다. 스테이징은 그대로 둡니다.',
    remedy: '시작 호스트의 로그를 보세요. 스스로 다시 시도합니다.',
  },
  IDENTITY_IN_USE: {
    meaning: '실행 중인 다른 프로그램이 같은 ID로 등록되어 있습니다. 이 컴퓨터는 복사본입니다.',
    remedy:
      '복사본에서 프로그램의 상태 폴더를 지우고 다시 설치하세요. 첫 번째 것이 없어졌다면 먼저 그 연결을 끊으세요.',
  },
  IDENTITY_REPLACED: {
    meaning: '실행 중인 프로그램이 다시 등록되었는데, 이전 인증서를 계속 쓰고 있습니다.',
    remedy: '프로그램을 다시 시작하세요. 새 ID로 이어 갑니다.',
  },
  IDENTITY_UNREADABLE: {
    meaning: '프로그램의 ID가 든 파일이 손상되었습니다.',
    remedy: '백업에서 되돌리거나, 지우고 새 토큰으로 다시 등록하세요.',
  },
  KEY_INVALID: {
    meaning: '등록의 공개 키가 PEM 형식의 P-256 키가 아닙니다.',
    remedy: '프로그램의 ID 파일을 지우고 다시 등록하세요.',
  },
  LAUNCH_FAILED: {
    meaning: '따로 코드가 없는 이유로 시작에 실패했습니다.',
    remedy: '메시지와 시작 호스트의 로그를 읽으세요.',
  },
  LAUNCH_HOST_MISSING: {
    meaning: '등록된 시작 호스트가 없어 시작할 곳이 없습니다.',
    remedy: '시작 호스트를 실행한 뒤 다시 시작하세요.',
  },
  LAUNCH_TIMED_OUT: {
    meaning: '시스템이 제때 변환되거나 시작되지 않았습니다.',
    remedy: '그 콘솔과 시작 호스트의 로그를 보세요.',
  },
  NOT_ROOT: {
    meaning: '복제 에이전트는 디스크 전체를 읽으므로 root여야 합니다.',
    remedy: '같은 명령을 sudo로 실행하세요.',
  },
  OBJECT_ACCESS_DENIED: {
    meaning:
      'S3 엔드포인트가 컨트롤 플레인이 가져오기나 내보내기의 파일을 읽거나 쓰는 것을 허용하지 않습니다.',
    remedy: '컨트롤 플레인의 액세스 키에 그 버킷의 s3:GetObject, s3:PutObject, s3:ListBucket을 허용하세요.',
  },
  OBJECT_BUCKET_MISSING: {
    meaning: 'S3 엔드포인트에 그 이름의 버킷이 없거나, 가져오기와 내보내기가 쓸 수 없는 버킷입니다.',
    remedy:
      '그곳에 버킷을 만들고 --s3-bucket으로 지정하거나, 지정된 버킷을 쓰세요. 컨트롤 플레인은 버킷을 만들지 않습니다.',
  },
  OBJECT_CHANGED: {
    meaning: '가져오는 동안 파일이 바뀌었습니다.',
    remedy: '다시 가져오세요.',
  },
  OBJECT_MISSING: {
    meaning: '가져올 파일이 버킷에 없습니다.',
    remedy: '그곳에 넣고(S3 엔드포인트가 없으면 상태 폴더의 buckets/BUCKET) 다시 가져오세요.',
  },
  OBJECT_NAME_INVALID: {
    meaning: '가져오기나 내보내기의 버킷 또는 키가 파일의 이름이 될 수 없습니다.',
    remedy: '버킷은 영문자, 숫자, 점, 붙임표, 밑줄로 쓰고, 키의 어느 부분도 . 이나 .. 이 되지 않게 하세요.',
  },
  OBJECT_STORE_KEY_REFUSED: {
    meaning: 'S3 엔드포인트가 컨트롤 플레인의 액세스 키나 서명을 받아들이지 않습니다.',
    remedy: '--s3-key가 가리키는 것, --s3-region, 두 기기의 시계를 확인하세요.',
  },
  OBJECT_STORE_REFUSED: {
    meaning: 'S3 엔드포인트가 자체 사유로 파일 읽기나 쓰기를 거부했습니다.',
    remedy: '사유를 읽고 --s3-endpoint, --s3-region, --s3-virtual-hosts를 확인하세요.',
  },
  OBJECT_STORE_UNAVAILABLE: {
    meaning: '버킷의 S3 엔드포인트에 닿을 수 없거나 30초 안에 응답이 없습니다.',
    remedy: '--s3-endpoint의 주소가 맞고 응답하는지 확인한 뒤 다시 가져오거나 내보내세요.',
  },
  OBJECT_TOO_LARGE: {
    meaning: '가져오기나 내보내기의 파일이 한 번에 읽거나 쓰는 것보다 큽니다.',
    remedy: '여러 부분으로 나누어 가져오세요.',
  },
  PORT_IN_USE: {
    meaning: '다른 프로그램이 이미 그 포트에서 연결을 기다립니다.',
    remedy: '그것을 멈추거나 다른 포트를 고르세요.',
  },
  PROGRAM_AWAY: {
    meaning: '에이전트, 복제 서버 또는 시작 호스트가 제때 응답하지 않았습니다.',
    remedy: '실행 중이고 컨트롤 플레인에 닿는지 확인하세요.',
  },
  PROGRAM_BUSY: {
    meaning: '한 프로그램에 너무 많은 명령이 기다립니다.',
    remedy: '실행 중이고 컨트롤 플레인에 닿는지 확인하세요.',
  },
  PROGRAM_REVOKED: {
    meaning: '프로그램의 인증서가 컨트롤 플레인에서 더는 유효하지 않습니다.',
    remedy: '다른 등록이 그 자리를 대신했거나 제거되었습니다. 프로그램을 다시 설치하세요.',
  },
  PROOF_INVALID: {
    meaning: '등록이 공개 키에 맞는 개인 키로 서명되지 않았습니다.',
    remedy: '프로그램의 ID 파일을 지우고 다시 등록하세요.',
  },
  PROXY_ANSWER_INVALID: {
    meaning: '프록시의 주소에서 응답하는 것이 쓸 수 있는 HTTP 프록시가 아닙니다.',
    remedy: '주소가 웹 서버나 다른 종류의 프록시가 아니라 HTTP 프록시의 것인지 확인하세요.',
  },
  PROXY_AUTHENTICATION_REQUIRED: {
    meaning: '프록시가 사용자와 암호를 요구하거나, 받은 것을 받아들이지 않습니다.',
    remedy: '`landfall-agent configure --proxy http://user:password@host:port` 로 설정하세요.',
  },
  PROXY_INVALID: {
    meaning: '프록시로 주어진 것이 쓸 수 있는 프록시가 아닙니다.',
    remedy: 'http://[user:password@]host:port 형식으로 주세요.',
  },
  PROXY_REFUSED: {
    meaning: '프록시가 대상으로 가는 길을 열지 않습니다. 그 응답이 메시지에 있습니다.',
    remedy: '프록시가 대상의 포트 443과 1500으로 CONNECT를 허용하게 하고, 그곳에 닿을 수 있는지 확인하세요.',
  },
  PROXY_TARGET_INVALID: {
    meaning: '프록시에 요청할 서버의 이름이 올바르지 않습니다.',
    remedy: '복제 서버를 단순한 호스트 이름이나 주소를 --address 로 주어 시작하세요.',
  },
  PROXY_TIMED_OUT: {
    meaning: '프록시가 대상으로 가는 길을 제때 열지 않았습니다.',
    remedy: '프록시가 동작하고 스스로 대상에 닿을 수 있는지 확인하세요. 에이전트는 계속 시도합니다.',
  },
  PROXY_UNREACHABLE: {
    meaning: '프록시에 연결할 수 없습니다.',
    remedy:
      '주소와 포트를 확인하세요. `landfall-agent configure --proxy http://host:port` 로 바꿀 수 있습니다.',
  },
  RENEWAL_IN_PROGRESS: {
    meaning: '프로그램의 인증서를 다른 키로 갱신하는 중입니다.',
    remedy: '몇 분 기다리세요. 또 생기면 같은 ID를 쓰는 두 번째 프로그램이나 컴퓨터를 찾으세요.',
  },
  REPLICATION_SERVER_MISSING: {
    meaning: '소스 서버가 어느 복제 서버에도 없습니다.',
    remedy: '복제 서버를 시작하고 첫 복구 시점을 기다리세요.',
  },
  REQUEST_INVALID: {
    meaning: '채널의 메시지를 읽을 수 없습니다.',
    remedy: '컨트롤 플레인과 같은 버전의 프로그램을 쓰세요.',
  },
  SERVER_UNKNOWN: {
    meaning: '작업이 진행되는 동안 소스 서버가 삭제되었습니다.',
    remedy: '할 일이 없습니다. 작업이 그렇게 알리고 끝납니다.',
  },
  SHUTTING_DOWN: {
    meaning: '컨트롤 플레인이 멈추는 중입니다. 실행 중이던 것은 다음에 시작할 때 이어집니다.',
    remedy: '컨트롤 플레인을 다시 시작하세요.',
  },
  STATE_IN_USE: {
    meaning: '다른 프로세스가 상태 폴더나 데이터베이스를 쓰고 있습니다.',
    remedy: '먼저 그것을 멈추거나, 이쪽에 다른 --state-dir (그리고 --store)를 주세요.',
  },
  STATE_UNREADABLE: {
    meaning: '상태 폴더를 쓸 수 없습니다. 일부가 없거나, 손상되었거나, 더 나중 버전의 것입니다.',
    remedy: '이 버전이나 이전 버전이 만든 백업에서 되돌리세요.',
  },
  STORE_CHANGED: {
    meaning: '상태 폴더는 컨트롤 플레인을 시작할 때 지정한 것과 다른 종류의 데이터베이스로 시작되었습니다.',
    remedy: '이전처럼 같은 --store 로, 또는 그것 없이 시작하세요. docs/store.md 를 보세요.',
  },
  STORE_REFUSED: {
    meaning:
      'PostgreSQL이 컨트롤 플레인을 들여보내지 않습니다. 사용자, 암호, 데이터베이스 또는 권한 때문입니다.',
    remedy: '--store 와 --store-password 가 가리키는 것을 확인하세요.',
  },
  STORE_UNAVAILABLE: {
    meaning:
      '컨트롤 플레인의 데이터베이스에 닿지 않습니다. 요청한 일은 되었을 수도, 안 되었을 수도 있습니다.',
    remedy: 'PostgreSQL이 실행 중이고 닿을 수 있는지 확인하세요. 돌아오면 컨트롤 플레인이 이어 갑니다.',
  },
  STORE_UNSUPPORTED: {
    meaning: '데이터베이스가 UTF-8이 아닌 인코딩으로 텍스트를 보관합니다.',
    remedy: '다른 것을 만드세요. createdb --encoding UTF8 --template template0',
  },
  TOKEN_EXPIRED: {
    meaning: '등록 토큰이 만료되었습니다.',
    remedy: '`landfall token create` 로 새로 만드세요.',
  },
  TOKEN_FILE_UNREADABLE: {
    meaning: '등록 토큰이 든 파일을 읽을 수 없습니다.',
    remedy: '경로와 권한을 확인하세요.',
  },
  TOKEN_INVALID: {
    meaning: '등록 토큰을 알 수 없거나, 취소되었거나, 다른 종류의 프로그램용입니다.',
    remedy: '`landfall token create` 로 새로 만드세요.',
  },
  TOKEN_MALFORMED: {
    meaning: '등록 토큰으로 주어진 것이 토큰이 아니거나 그 일부입니다.',
    remedy: '토큰 전체를 다시 복사하거나 새로 만드세요.',
  },
  TOKEN_USED_UP: {
    meaning: '등록 토큰이 허용하는 만큼의 설치에 이미 쓰였습니다.',
    remedy: '`landfall token create` 로 새로 만드세요.',
  },
} as const satisfies ErrorTexts;

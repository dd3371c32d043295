import type { ErrorTexts } from '../../error-texts.ts';

export const REPLICATION_ERRORS = {
  CERTIFICATE_REFUSED: {
    meaning: '복제 연결의 상대가 우리 인증서를 받아들이지 않았습니다.',
    remedy: '두 프로그램이 같은 컨트롤 플레인에 등록되었는지, 시계가 맞는지 확인하세요.',
  },
  CONNECT_FAILED: {
    meaning: '에이전트가 복제 서버에 연결하지 못합니다.',
    remedy: '복제 서버가 실행 중인지, 소스 서버에서 그 TCP 포트에 닿을 수 있는지 확인하세요.',
  },
  CONNECT_TIMED_OUT: {
    meaning: '복제 서버가 제때 응답하지 않았습니다.',
    remedy: '소스 서버에서 그 TCP 포트에 닿을 수 있는지 확인하세요(방화벽, 경로, 주소).',
  },
  DISKS_MISMATCH: {
    meaning: '에이전트가 말하는 디스크가 복제본의 디스크와 다릅니다.',
    remedy: '에이전트를 다시 시작하세요. 또 그렇게 말하면 서버를 새로 등록하세요.',
  },
  DISK_JOINED: {
    meaning: '추가된 디스크의 첫 복사가 끝나, 에이전트가 그 디스크와 함께 다시 연결합니다.',
    remedy: '할 일이 없습니다. 다음 복구 시점부터 그 디스크가 들어 있습니다.',
  },
  ENCRYPTION_COMMAND_FAILED: {
    meaning: '복제본의 키를 싸고 푸는 명령이 실패했거나 제때 응답하지 않았습니다.',
    remedy: '복제 서버의 사용자로 그 명령을 직접 실행해 보세요. 그것이 필요한 일은 스스로 다시 시도합니다.',
  },
  ENCRYPTION_KEY_INVALID: {
    meaning: '암호화 키로 있는 것이 키가 아니거나, 스스로 말하는 키가 아닙니다.',
    remedy: '키 파일, 변수 또는 키 서비스를 백업에서 원래대로 되돌리세요.',
  },
  ENCRYPTION_KEY_MISSING: {
    meaning: '복제본을 암호화한 키가 없습니다. 그 자리에 다른 키를 만들지 않습니다.',
    remedy:
      '백업에서 키를 되돌려 놓으면 복제본이 스스로 열립니다. 키를 영영 잃었다면 아무도 복제본을 읽을 수 없습니다. 서버의 연결을 끊고 새로 복제하세요.',
  },
  EPOCH_OUT_OF_ORDER: {
    meaning: '에이전트가 보낸 에포크가 복제본의 마지막 에포크에 이어지지 않습니다.',
    remedy: '할 일이 없습니다. 에이전트가 다시 연결해 복제본이 있는 곳에서 이어 갑니다.',
  },
  EPOCH_REFUSED: {
    meaning:
      '보내는 쪽이 저널에 맞지 않는 것을 쓰거나 확정했습니다. 디스크 밖의 범위, 순서가 틀린 에포크, 틀린 익스텐트 수 가운데 하나입니다.',
    remedy:
      '잃은 것은 없습니다. 그 에포크를 버렸습니다. 에이전트가 다시 연결하게 두고, 또 생기면 에이전트와 복제 서버를 업데이트하세요.',
  },
  EXPORTS_OPEN: {
    meaning: '시스템들이 복구 시점을 읽고 있는 동안에는 서버를 버릴 수 없습니다.',
    remedy: '그 시스템들을 종료하거나, 디스크가 모두 채워질 때까지 기다리세요.',
  },
  EXPORT_ID_TAKEN: {
    meaning: '그 ID의 내보내기가 다른 복구 시점에 열려 있습니다.',
    remedy: '그 내보내기를 닫거나 다른 ID를 쓰세요.',
  },
  EXTENT_COUNT_MISMATCH: {
    meaning: '에포크가 에이전트가 알린 것보다 적거나 많은 익스텐트로 도착했습니다.',
    remedy: '할 일이 없습니다. 에이전트가 다시 연결해 그 에포크를 새로 보냅니다.',
  },
  EXTENT_DAMAGED: {
    meaning: '복제본의 바이트가 에이전트가 준 체크섬과 더는 맞지 않습니다.',
    remedy: '복제 서버의 스토리지와 메모리를 확인하세요. 서버를 다시 스캔하면 손상된 블록이 바뀝니다.',
  },
  EXTENT_OUT_OF_BOUNDS: {
    meaning: '에이전트가 디스크의 끝을 넘는 바이트를 보내거나 요청했습니다.',
    remedy: '에이전트를 다시 시작해 디스크의 크기를 다시 찾게 하세요.',
  },
  FILE_DEVICE_TRUNCATED: {
    meaning: '디스크로 쓰던 파일이 쓰는 동안 짧아졌습니다.',
    remedy: '무엇이 파일을 바꿨는지 찾아 되돌리세요.',
  },
  FILE_DEVICE_UNUSABLE: {
    meaning: '파일을 디스크로 쓸 수 없습니다.',
    remedy: '경로와 권한, 일반 파일인지를 확인하세요.',
  },
  FRAME_MALFORMED: {
    meaning: '복제 프로토콜의 메시지를 읽을 수 없습니다.',
    remedy: '에이전트와 복제 서버의 버전이 서로 맞는지 확인하세요.',
  },
  FRAME_OVERSIZED: {
    meaning: '복제 프로토콜의 메시지가 허용된 것보다 큽니다.',
    remedy: '연결한 것이 버전이 맞는 Landfall 프로그램인지 확인하세요.',
  },
  FRAME_UNKNOWN: {
    meaning: '복제 프로토콜의 메시지가 모르는 종류입니다.',
    remedy: '연결한 것이 버전이 맞는 Landfall 프로그램인지 확인하세요.',
  },
  IDENTITY_MISMATCH: {
    meaning: '에이전트가 인증서에 적힌 것과 다른 서버라고 말합니다.',
    remedy: '이 서버를 새로 등록하세요. ID가 다른 서버에서 복사되었습니다.',
  },
  INTERNAL_ERROR: {
    meaning: '프로그램이 자신의 결함을 만났습니다.',
    remedy: '로그를 읽고 결함으로 알려 주세요.',
  },
  JOURNAL_CLOSED: {
    meaning: '저널로 무엇인가 하는 동안 저널이 닫혔습니다.',
    remedy: '복제 서버가 저널을 다시 열면 새로 시작하세요.',
  },
  JOURNAL_DAMAGED: {
    meaning: '저널의 파일에 확실히 쓴 내용이 들어 있지 않습니다. 틀린 것을 읽지 않도록 열지 않습니다.',
    remedy:
      '스테이징 스토리지를 확인하세요. 지정된 파일을 복사본에서 되돌리거나, 저널을 버리고 서버를 새로 복제하세요.',
  },
  JOURNAL_DISKS_CHANGED: {
    meaning: '첫 복구 시점 전에 서버의 디스크가 바뀌어 저널을 새로 만듭니다.',
    remedy: '할 일이 없습니다. 첫 복사가 스스로 다시 시작합니다.',
  },
  JOURNAL_IN_USE: {
    meaning: '다른 프로세스가 저널을 열고 있거나, 저널의 뷰가 열려 있습니다.',
    remedy: '지정된 프로세스를, 또는 그 서버를 쓰는 시작과 내보내기를 끝낸 뒤 다시 하세요.',
  },
  JOURNAL_LIMIT_REACHED: {
    meaning: '서버의 저널이 그 서버의 한도만큼 차지하고 있습니다.',
    remedy:
      '`landfall journal limit` 으로 한도를 올리거나, 시점의 고정을 풀고 보존 단계를 줄여 덜 보관하세요. 복제는 멈춘 곳에서 이어지며 잃는 것은 없습니다.',
  },
  JOURNAL_MISSING: {
    meaning: '폴더에 저널이 없습니다.',
    remedy: '스테이징 영역의 폴더를 확인하세요.',
  },
  JOURNAL_OVERLOADED: {
    meaning: '너무 많은 저널 작업이 스테이징 스토리지를 기다립니다.',
    remedy: '나중에 다시 하세요. 또 생기면 더 빠른 스테이징 스토리지를 쓰세요.',
  },
  JOURNAL_STORAGE_FAILED: {
    meaning: '스테이징 스토리지가 읽기, 쓰기 또는 동기화에 실패했습니다.',
    remedy: '스테이징 볼륨을 확인하세요(커널 로그, 마운트 상태). 그 에포크는 버렸으며 다시 보냅니다.',
  },
  JOURNAL_VERSION_UNSUPPORTED: {
    meaning: '저널을 더 새로운 릴리스가 썼습니다.',
    remedy: '그것을 쓴 것만큼 새로운 릴리스를 실행하세요.',
  },
  LANE_REFUSED: {
    meaning: '어떤 연결이 자신의 것이 아니거나 이미 레인이 충분한 세션의 레인이 되려고 했습니다.',
    remedy: '할 일이 없습니다. 에이전트는 있는 연결로 이어 가고, 다시 연결할 때 또 요청합니다.',
  },
  LINK_LOST: {
    meaning: '복제 연결이 끊겼습니다.',
    remedy: '소스 서버와 복제 서버 사이의 네트워크를 확인하세요. 에이전트는 스스로 다시 연결합니다.',
  },
  LINK_SILENT: {
    meaning: '복제 연결에서 너무 오래 아무것도 들리지 않았습니다.',
    remedy: '소스 서버와 복제 서버 사이의 네트워크를 확인하세요. 에이전트는 스스로 다시 연결합니다.',
  },
  LISTEN_FAILED: {
    meaning: '복제 서버가 자신의 주소에서 연결을 기다릴 수 없습니다.',
    remedy: '이 컴퓨터의 주소와 프로그램이 쓸 수 있는 포트를 주세요.',
  },
  NBD_CONNECTION_LOST: {
    meaning: 'NBD로 디스크에 이은 연결이 닫기 전에 끝났습니다.',
    remedy: '상대가 아직 실행 중인지 확인한 뒤 다시 연결하세요.',
  },
  NBD_CONNECT_FAILED: {
    meaning: 'NBD 서버에 닿을 수 없습니다.',
    remedy: '서버가 실행 중이고 주소가 맞는지 확인하세요.',
  },
  NBD_EXPORT_REFUSED: {
    meaning: 'NBD 서버가 요청한 디스크를 주지 않습니다.',
    remedy: '`nbdinfo --list URI` 로 서버가 내보내는 것을 보세요.',
  },
  NBD_LISTEN_FAILED: {
    meaning: 'NBD 서버가 자신의 주소에서 연결을 기다릴 수 없습니다.',
    remedy: '다른 프로세스를 멈추거나, 다른 포트 또는 소켓 경로를 고르세요.',
  },
  NBD_PEER_STALLED: {
    meaning: 'NBD 연결의 상대가 메시지 중간에 멈췄습니다.',
    remedy: '클라이언트(멈춤, 스왑)와 그리로 가는 네트워크를 보세요. 다시 연결해도 됩니다.',
  },
  NBD_PROTOCOL_VIOLATION: {
    meaning: 'NBD 연결로 온 것이 NBD가 아닙니다.',
    remedy: '양쪽이 NBD(fixed newstyle)를 쓰고, 그 사이의 무엇도 바이트를 바꾸지 않는지 확인하세요.',
  },
  NBD_REQUEST_FAILED: {
    meaning: 'NBD 서버가 요청에 오류로 응답했습니다.',
    remedy: '서버의 로그에서 원인을 찾으세요.',
  },
  NBD_TIMEOUT: {
    meaning: 'NBD 서버가 제때 응답하지 않았습니다.',
    remedy: '서버가 실행 중이고 디스크가 응답하는지 확인한 뒤 다시 연결하세요.',
  },
  NO_RECOVERY_POINT: {
    meaning: '복구 시점이 없거나, 그만큼 오래된 것이 없습니다.',
    remedy: '첫 복사가 끝나기를 기다리거나, 더 늦은 시각을 고르세요.',
  },
  PEER_UNTRUSTED: {
    meaning: '복제 연결의 상대가 있어야 할 상대가 아닙니다.',
    remedy: '주소가 같은 컨트롤 플레인에 등록된 복제 서버의 것인지 확인하세요.',
  },
  PROBE_BUSY: {
    meaning: '이 소스 서버 또는 다른 여러 서버의 연결을 이미 재고 있습니다.',
    remedy: '30초쯤 기다린 뒤 `landfall-agent forecast` 를 다시 실행하세요.',
  },
  PROBE_EXCEEDED: {
    meaning: '에이전트가 정해진 바이트나 시간을 넘어 연결을 계속 쟀습니다.',
    remedy: '에이전트와 복제 서버의 버전이 서로 맞는지 확인하세요.',
  },
  PROTOCOL_VERSION_UNSUPPORTED: {
    meaning: '에이전트와 복제 서버가 함께 쓸 수 있는 프로토콜 버전이 없습니다.',
    remedy: '두 프로그램 가운데 오래된 것을 업그레이드하세요.',
  },
  PROTOCOL_VIOLATION: {
    meaning: '복제 연결의 상대가 해서는 안 되는 말을 했습니다.',
    remedy: '에이전트와 복제 서버의 버전이 서로 맞는지 확인하세요.',
  },
  RECOVERY_POINTS_BUSY: {
    meaning: '너무 많은 복구 시점을 기다리고 있습니다.',
    remedy: '그것들이 만들어질 때까지 기다리세요. 만들어지지 않으면 서버의 복제 상태를 보세요.',
  },
  RECOVERY_POINT_LOCKED: {
    meaning: '복구 시점이 잠겨 있는 동안에는 저널을 버릴 수 없습니다.',
    remedy:
      '잠금이 끝날 때까지 기다리세요. 그 전에는 아무도 잠긴 복구 시점을 없앨 수 없게 만들어져 있습니다.',
  },
  RECOVERY_POINT_MISSING: {
    meaning: '그런 복구 시점이 없습니다.',
    remedy: '목록에 있는 복구 시점 가운데 하나를 고르세요.',
  },
  REPLICATION_PAUSED: {
    meaning: '서버의 복제가 일시 중지되어 있습니다.',
    remedy: '복제를 재개한 뒤 다시 요청하세요.',
  },
  REPLICATION_STOPPED: {
    meaning: '서버의 복제가 끝났습니다.',
    remedy: '에이전트를 다시 시작하세요.',
  },
  SERVER_NOT_ASSIGNED: {
    meaning: '에이전트가 배정되지 않은 복제 서버에 연결했습니다.',
    remedy: '처음에는 할 일이 없습니다. 에이전트가 계속 시도합니다. 계속 그렇다면 배정을 확인하세요.',
  },
  SERVER_NOT_STAGED: {
    meaning: '복제 서버가 아무것도 갖고 있지 않은 소스 서버에 대해 요청받았습니다.',
    remedy: '소스 서버가 어느 복제 서버에 배정되어 있는지 확인하세요.',
  },
  STAGING_FULL: {
    meaning: '스테이징 볼륨에 에포크 하나를 더 담을 공간이 없습니다.',
    remedy:
      '공간을 비우거나 복제 서버에 스토리지를 추가하세요. 복제는 멈춘 곳에서 이어지며 잃는 것은 없습니다.',
  },
  SUPERSEDED: {
    meaning: '같은 소스 서버의 더 새로운 연결이 자리를 넘겨받았습니다.',
    remedy: '되풀이되면 두 에이전트가 같은 ID를 쓰는 것입니다. 복사된 서버를 다시 등록하세요.',
  },
  WELCOME_TIMED_OUT: {
    meaning: '복제 서버가 연결을 받았지만 제때 인사하지 않았습니다.',
    remedy: '복제 서버의 부하와 로그를 보세요. 에이전트는 스스로 다시 시도합니다.',
  },
} as const satisfies ErrorTexts;

import type { ErrorTexts } from '../../error-texts.ts';

export const FILE_ERRORS = {
  SEED_ENDED: {
    meaning: '디스크를 이미지로 채우는 일이 끝났는데, 채우는 쪽은 아직 하고 있다고 여깁니다.',
    remedy: '이미지를 다시 가져오세요. 그 밖에 해를 입은 것은 없습니다.',
  },
  SEED_OPEN: {
    meaning: '서버의 복제본을 이미지로 채우는 중입니다.',
    remedy:
      '할 일이 없습니다. 끝나면 에이전트가 스스로 연결합니다. 다른 가져오기는 그때까지 기다려야 합니다.',
  },
  SEED_TOO_LATE: {
    meaning: '이미 복구 시점이 있는 서버에 이미지를 가져오려고 했습니다.',
    remedy: '할 일이 없습니다. 이제부터는 바뀌는 것만 보냅니다. 새로 시작하려면 먼저 서버의 연결을 끊으세요.',
  },
  SEED_UNREADABLE: {
    meaning: '이미지로 채우는 중인 디스크를 읽으려고 했습니다.',
    remedy: '쓰기만 하세요. 첫 복사가 끝난 뒤 복구 시점을 읽으세요.',
  },
  FILES_BUSY: {
    meaning: '시작 호스트가 다른 파일을 내주고 있거나, 열 수 있는 만큼 복구 시점을 열고 있습니다.',
    remedy: '다른 전송이 끝난 뒤 다시 요청하세요.',
  },
  FILES_ENCRYPTED: {
    meaning: '파일 시스템이 암호화되어 있고, 키는 우리에게 없습니다.',
    remedy: '복구 시점을 테스트 시스템으로 시작해 그곳에서 잠금을 푸세요.',
  },
  FILES_FILESYSTEM_UNKNOWN: {
    meaning: '이 복구 시점에는 서버에 그 이름의 파일 시스템이 없습니다.',
    remedy: '메시지에 나열된 것 가운데 하나를 쓰세요.',
  },
  FILES_KIND_UNSUPPORTED: {
    meaning: '요청한 것이 파일도 폴더도 아닙니다.',
    remedy: '그것이 들어 있는 폴더를 가져오세요.',
  },
  FILES_NOT_MOUNTABLE: {
    meaning: '게스트의 파일 시스템을 마운트할 수 없습니다.',
    remedy: '이 복구 시점에서 손상되었을 수 있습니다. 다른 시점을 써 보세요.',
  },
  FILES_NO_ROOT: {
    meaning: '서버의 디스크에서 Linux 시스템의 루트를 찾지 못했습니다.',
    remedy: '--filesystem 으로 파일 시스템 하나를 지정하세요.',
  },
  FILES_OPENING: {
    meaning: '시작 호스트가 파일을 읽으려고 아직 복구 시점을 여는 중입니다.',
    remedy: '다시 요청하세요. 10초쯤 걸리며, 바쁜 호스트에서는 더 걸립니다.',
  },
  FILES_PATH_INVALID: {
    meaning: '게스트 안의 경로가 상대 경로이거나, 너무 길거나, 그 밖에 경로가 아닙니다.',
    remedy: '/etc/hosts 처럼 게스트의 루트부터 적으세요.',
  },
  FILES_PATH_MISSING: {
    meaning: '이 복구 시점에는 그런 파일이나 폴더가 없습니다.',
    remedy: '그 위의 폴더를 보거나, 다른 복구 시점을 써 보세요.',
  },
  FILES_TRANSFER_BROKEN: {
    meaning: '다 오기 전에 가져오기가 끊겼습니다. 받은 것은 남기지 않았습니다.',
    remedy: '다시 가져오세요. 왜 끝났는지는 시작 호스트와 컨트롤 플레인의 로그에 있습니다.',
  },
  FILES_UNREADABLE: {
    meaning: '게스트의 파일이나 폴더를 읽을 수 없습니다.',
    remedy: '이 복구 시점에서 파일 시스템이 손상되었을 수 있습니다. 다른 시점을 써 보세요.',
  },
} as const satisfies ErrorTexts;

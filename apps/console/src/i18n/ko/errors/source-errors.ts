import type { ErrorTexts } from '../../error-texts.ts';

export const SOURCE_ERRORS = {
  AGENT_NOT_RUNNING: {
    meaning: '이 서버에서 복제 에이전트가 실행되고 있지 않습니다.',
    remedy: '`systemctl start landfall-agent` 로 시작하거나 설치하세요.',
  },
  CAPTURE_STOPPED: {
    meaning: '무엇인가 요청한 동안 캡처 엔진이 멈췄습니다.',
    remedy:
      '에이전트가 종료 중이라면 할 일이 없습니다. 아니라면 에이전트를 다시 시작하고 로그를 알려 주세요.',
  },
  CHECKPOINT_DAMAGED: {
    meaning: '이전에 실행된 에이전트가 무엇이 바뀌었는지 남긴 기록을 읽을 수 없거나, 다른 버전의 것입니다.',
    remedy: '할 일이 없습니다. 대신 디스크를 복제본과 비교합니다.',
  },
  CHECKPOINT_IMPOSSIBLE: {
    meaning: '에이전트가 지금은 무엇이 바뀌었는지 기록할 수 없어서, 이 순간 다시 시작하면 비교해야 합니다.',
    remedy: '할 일이 없습니다. 몇 초마다 다시 시도하며, 무엇을 기다리는지 메시지에 있습니다.',
  },
  DISK_NOT_FOUND: {
    meaning: '복제해야 할 디스크가 없습니다.',
    remedy: 'lsblk 로 이 컴퓨터의 디스크를 보고 그중 하나를 지정하세요.',
  },
  DISK_NOT_TRACKABLE: {
    meaning:
      '커널이 이 장치의 변경을 보여 주지 않습니다. 파티션이거나, 다른 장치 위에 쌓였거나, bio 기반이거나, zoned 또는 DAX 장치입니다.',
    remedy: '메시지에 있는 대로 그 아래의 디스크 전체를 지정하거나, 이 장치를 빼세요.',
  },
  DISK_UNREADABLE: {
    meaning: '소스 디스크를 열거나 읽을 수 없습니다.',
    remedy:
      '디스크가 아직 붙어 있고 정상인지(dmesg), 에이전트가 root로 실행되는지 확인하세요. 복제는 스스로 이어집니다.',
  },
  DISK_VANISHED: {
    meaning: '소스 서버의 디스크가 더는 없습니다.',
    remedy: '다시 붙이면 복제가 이어집니다. 아니면 그 디스크 없이 에이전트를 다시 설치하세요.',
  },
  FREEZE_FAILED: {
    meaning: '스캔한 디스크의 파일 시스템을 동결하지 못해, 지금은 스캔이 컷을 내지 못합니다.',
    remedy:
      '이유를 보세요. ext4, XFS, btrfs는 동결할 수 있습니다. `--freeze` 가 없으면 스캔은 아무것도 동결하지 않습니다.',
  },
  IDENTITY_OF_OTHER_MACHINE: {
    meaning: '디스크에 있는 에이전트는 다른 컴퓨터에 설치된 것입니다. 이 서버는 복사본입니다.',
    remedy: '그곳에 새 토큰으로 에이전트를 설치하거나, 에이전트를 제거하세요.',
  },
  LOCKDOWN_CONFIDENTIALITY: {
    meaning: '커널이 confidentiality 모드로 잠겨 있어 추적이 금지됩니다.',
    remedy: 'Secure Boot에는 lockdown=integrity 로 충분합니다. 그렇게 부팅하거나 lockdown 없이 부팅하세요.',
  },
  NOT_INSTALLED: {
    meaning: '이 서버에 복제 에이전트가 설치되어 있지 않습니다.',
    remedy: '`landfall-agent install --token TOKEN` 을 실행하세요.',
  },
  OPTION_INVALID: {
    meaning: '명령줄의 옵션이 없거나 올바르지 않습니다.',
    remedy: '메시지에 있는 사용법을 읽으세요.',
  },
  PLATFORM_UNSUPPORTED: {
    meaning: '에이전트가 이런 시스템에서는 실행되지 않습니다.',
    remedy: '그 시스템용 에이전트를 쓰세요.',
  },
  REPLICATION_NOT_RUNNING: {
    meaning: '서버를 복제하고 있지 않은데 복구 시점을 요청했습니다.',
    remedy: '소스 서버에서 `landfall-agent status` 를 보세요.',
  },
  SERVICE_NOT_STARTED: {
    meaning: 'systemd가 에이전트를 시작하지 않았습니다.',
    remedy: '`systemctl status landfall-agent` 와 `journalctl -u landfall-agent` 를 보세요.',
  },
  THAW_FAILED: {
    meaning: '에이전트가 동결한 파일 시스템을 풀지 못했습니다. 그곳에 쓰는 것은 모두 기다립니다.',
    remedy: '`fsfreeze --unfreeze MOUNTPOINT` 로 푸세요. 응답하지 않으면 서버를 다시 시작하세요.',
  },
  TOOL_FAILED: {
    meaning: '외부 도구가 오류로 끝났습니다.',
    remedy: '메시지에 있는 출력의 끝을 읽으세요.',
  },
  TRACEFS_UNAVAILABLE: {
    meaning: '커널의 추적을 쓸 수 없어 디스크의 변경을 추적할 수 없습니다.',
    remedy:
      '에이전트를 컴퓨터 자체에서, 또는 쓸 수 있는 /sys/kernel/tracing 을 마운트한 곳에서 root로 실행하세요.',
  },
  TRACE_DAMAGED: {
    meaning: '커널의 추적 버퍼의 한 페이지가 말이 되지 않습니다.',
    remedy: '에이전트가 추적을 새로 시작하고 모두 비교합니다. 또 생기면 커널 버전을 알려 주세요.',
  },
  TRACE_FORMAT_UNKNOWN: {
    meaning: '커널이 블록 이벤트를 에이전트가 이해하지 못하는 방식으로 설명합니다.',
    remedy: '커널 버전과 /sys/kernel/tracing/events/block/*/format 파일을 알려 주세요.',
  },
} as const satisfies ErrorTexts;

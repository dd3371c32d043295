import type { ErrorTexts } from '../../error-texts.ts';

export const TARGET_ERRORS = {
  APPLIANCE_FAILED: {
    meaning: '게스트를 변환하는 어플라이언스가 시작하지 않았거나, 끝나지 않았거나, 한 단계를 거부했습니다.',
    remedy:
      '시작 호스트에서 `libguestfs-test-tool` 을 실행하고 부하, 메모리, 디스크 공간을 보거나, 다른 복구 시점을 시작하세요.',
  },
  BOOT_PROOF_FAILED: {
    meaning: '서버가 부팅되는지 증명하려고 만든 시스템이 살아 있다는 표시를 내지 않았습니다.',
    remedy:
      '`landfall boot-proof show` 로 콘솔과 화면을 보고, 소스 서버에서 원인을 고친 뒤 더 새로운 시점을 증명하세요.',
  },
  CONVERSION_IMPOSSIBLE: {
    meaning:
      '게스트를 대상에서 시작하게 만들 수 없습니다. 루트가 없거나, 있는 하드웨어의 드라이버가 없거나, 암호화되어 있습니다.',
    remedy: '메시지가 말하는 일을 소스 서버에서 한 뒤, 더 새로운 복구 시점에서 시작하세요.',
  },
  FIRMWARE_MISSING: {
    meaning: 'UEFI로 시작하는 시스템을 UEFI 펌웨어가 없는 호스트에서 시작했습니다.',
    remedy: '시작 호스트에 ovmf 패키지를 설치한 뒤 다시 시작하세요.',
  },
  GUEST_PANICKED: {
    meaning: '시작한 시스템의 커널이 패닉을 일으켰습니다.',
    remedy: '시스템의 콘솔을 읽고, 다른 복구 시점을 시작하세요.',
  },
  HOST_UNREACHABLE: {
    meaning:
      '시작 호스트의 시스템을 실행하는 것(libvirtd)이 응답하지 않습니다. 시스템은 계속 실행 중일 수 있습니다.',
    remedy: 'libvirtd를 시작하고 시작 호스트의 `--libvirt-uri` 를 확인하세요. 그 뒤에는 스스로 이어집니다.',
  },
  HYDRATION_FAILED: {
    meaning: '시작한 시스템의 자체 디스크를 채울 수 없습니다.',
    remedy:
      '복제 서버가 실행 중이고 시작 호스트에 빈 공간이 있는지 확인하세요. 저절로 다시 시도하며, 요청하면 바로 시도합니다.',
  },
  INBOUND_NOT_FILTERED: {
    meaning:
      '들여보내지 않는 시스템 포트를 닫아 둘 수 없습니다. 시스템을 시작하지 않거나, 실행 중인 시스템에 이를 표시합니다.',
    remedy:
      '시작 호스트에 nftables 패키지를 설치하고 시작 호스트를 root로 실행하세요. 또는 모든 포트를 들여보내세요(`landfall launch-template set SERVER --port all`).',
  },
  INITRAMFS_UNREADABLE: {
    meaning: '게스트의 초기 RAM 파일 시스템이 손상되었거나 읽을 수 없는 형식입니다.',
    remedy:
      '소스 서버에서 다시 만든 뒤(`update-initramfs -u` 또는 `dracut -f`) 더 새로운 복구 시점에서 시작하세요.',
  },
  LAUNCH_ADDRESS_INVALID: {
    meaning: '시작 구성이 유지하는 주소, 게이트웨이 또는 네임 서버가 올바르지 않습니다.',
    remedy: '고치세요. 주소에는 접두사 길이가 있어야 하고, 게이트웨이는 주소와 같은 종류여야 합니다.',
  },
  LAUNCH_CANCELLED: {
    meaning: '시작이 끝나기 전에 취소되었습니다.',
    remedy: '시스템이 아직 필요하면 다시 시작하세요.',
  },
  LAUNCH_HOST_FULL: {
    meaning: '시작 호스트가 맡을 수 있는 만큼 시스템을 맡고 있습니다.',
    remedy: '더는 필요 없는 시스템을 종료하거나, 시작 호스트를 추가하세요.',
  },
  MACHINE_DIED: {
    meaning: '시작한 시스템의 QEMU 프로세스가 스스로 끝났거나 강제로 종료되었습니다.',
    remedy: '시작 호스트의 메모리를 본 뒤 시스템을 다시 시작하세요.',
  },
  MACHINE_DISK_ERROR: {
    meaning: '시작한 시스템의 디스크가 응답하지 않습니다. 시스템은 일시 정지하고 다시 시도합니다.',
    remedy:
      '시작 호스트의 빈 공간을 확인하고, 디스크가 모두 채워질 때까지 복제 서버가 실행되는지 확인하세요.',
  },
  MACHINE_NOT_READY: {
    meaning: '시스템이 지금 단계에서 할 수 없는 일을 요청받았습니다.',
    remedy: '변환되고 시작될 때까지 기다리세요.',
  },
  MACHINE_REFUSED: {
    meaning: 'QEMU가 시작한 시스템에 대한 명령을 거부했습니다.',
    remedy: '메시지에 있는 QEMU의 말을 읽으세요. 시스템은 그대로 이어집니다.',
  },
  MACHINE_SIZES_INVALID: {
    meaning: '운영자의 시스템 크기 파일을 쓸 수 없습니다.',
    remedy:
      '메시지대로 데이터 폴더의 machine-sizes.json 을 고치거나 지운 뒤, 컨트롤 플레인을 다시 시작하세요.',
  },
  MACHINE_SIZE_IMPOSSIBLE: {
    meaning: '시작 호스트가 줄 수 있는 것에 맞는 시스템 크기가 없습니다.',
    remedy: '더는 필요 없는 시스템을 끝내거나, 시작 호스트를 추가하세요.',
  },
  MACHINE_SIZE_UNKNOWN: {
    meaning: '시작 템플릿이 시스템 크기 목록에 없는 크기를 지정합니다.',
    remedy: '`landfall machine sizes` 가 보여 주는 것 가운데 고르거나, machine-sizes.json 에 추가하세요.',
  },
  MACHINE_SPECIFICATION_INVALID: {
    meaning: '시스템이 될 수 없는 값으로 시작을 요청했습니다.',
    remedy: '소스 서버의 시작 구성을 확인하세요.',
  },
  MACHINE_START_FAILED: {
    meaning: 'QEMU가 시스템을 시작하지 못했습니다.',
    remedy:
      '메시지에 있는 QEMU의 말을 읽고, 시작 호스트의 빈 메모리와 사용 중인 포트를 본 뒤 다시 시작하세요.',
  },
  MACHINE_STOP_FAILED: {
    meaning: '시스템의 QEMU 프로세스가 강제로 종료해도 끝나지 않습니다.',
    remedy: '시작 호스트의 스토리지를 본 뒤 다시 종료하세요.',
  },
  MACHINE_UNKNOWN: {
    meaning: '시작 호스트가 자신에게 없는 시스템에 대해 질문을 받았습니다.',
    remedy: '시스템이 종료되었을 수 있습니다. 시스템 목록을 보세요.',
  },
  MACHINE_UNREACHABLE: {
    meaning: '시스템의 QEMU 프로세스가 응답하지 않습니다.',
    remedy: '시작 호스트에서 시스템의 qemu.log 와 console.log 를 보세요.',
  },
  NBD_URI_INVALID: {
    meaning: '뷰의 주소가 열 수 있는 것이 아닙니다.',
    remedy: '뷰는 nbd+unix:///EXPORT?socket=PATH 또는 nbd://HOST:PORT/EXPORT 입니다.',
  },
  NETWORKS_INVALID: {
    meaning: '시작 호스트의 네트워크를 정하는 파일을 쓸 수 없습니다.',
    remedy: 'docs/launch-hosts.md 대로 쓴 뒤 시작 호스트를 다시 시작하세요.',
  },
  NETWORK_NOT_ISOLATED: {
    meaning:
      '테스트 시스템이 아무 곳에도 닿지 않는다는 것을 시작 호스트가 확인할 수 없어 시작하지 않았습니다.',
    remedy: '시작 호스트에 iptables 패키지를 설치하고, 시작 호스트를 root로 실행하세요.',
  },
  NETWORK_UNKNOWN: {
    meaning: '시작 템플릿이 시작 호스트에 없는 네트워크를 지정합니다.',
    remedy: '있는 네트워크 가운데 하나를 지정하거나, 시작 호스트에 그 이름의 네트워크를 만드세요.',
  },
  OVERLAY_NO_SPACE: {
    meaning: '시스템이 쓸 것을 담을 빈 공간이 시작 호스트에 너무 적습니다.',
    remedy:
      '더는 필요 없는 테스트 시스템을 종료하거나 공간을 비운 뒤 다시 시작하세요. 채우려던 디스크는 저절로 다시 시도합니다.',
  },
  PORT_TAKEN: {
    meaning: 'TCP 포트를 다른 프로그램이 쓰고 있거나, 빈 포트가 없습니다.',
    remedy: '다른 프로그램을 끝내거나 다른 포트를 설정하세요.',
  },
  POST_LAUNCH_FAILED: {
    meaning: '성공해야 하는 시작 후 작업이 실패했습니다.',
    remedy: '작업에 있는 그 출력을 읽고, 스크립트나 서버를 고친 뒤 다시 시작하세요.',
  },
  POST_LAUNCH_INVALID: {
    meaning: '서버의 시작 후 작업을 스크립트로 만들 수 없습니다.',
    remedy: '메시지가 가리키는 작업, 문서 또는 매개변수를 고친 뒤 다시 시작하세요.',
  },
  PREFLIGHT_FAILED: {
    meaning: '서버를 점검하지 못했습니다.',
    remedy:
      '이유를 읽으세요. 스스로 다시 시도하며, `landfall server preflight` 로 바로 시도할 수도 있습니다.',
  },
  TOOL_MISSING: {
    meaning: '외부 도구가 설치되어 있지 않습니다.',
    remedy: '지정된 도구를 설치한 뒤 다시 하세요.',
  },
  TOO_MANY_DISKS: {
    meaning: '시스템에 붙일 수 있는 것보다 많은 디스크가 있습니다.',
    remedy: '디스크를 빼거나, 소스 서버에서 더 적은 볼륨으로 합치세요.',
  },
  USAGE: {
    meaning: '프로그램을 모르는 옵션으로 시작했습니다.',
    remedy: '메시지 아래의 줄을 읽거나 --help 로 시작하세요.',
  },
  VIRT_V2V_FAILED: {
    meaning: 'virt-v2v가 게스트를 변환하지 못했거나 제때 끝나지 않았습니다.',
    remedy: '그 말을 읽으세요. 변환 방법을 LANDFALL 로 정해 그것 없이 하거나, 다른 복구 시점을 시작하세요.',
  },
  VIEW_UNREACHABLE: {
    meaning: '복구 시점의 뷰를 열 수 없거나, 다른 디스크의 뷰입니다.',
    remedy: '복제 서버가 실행 중이고 내보내기가 열려 있는지 확인한 뒤 다시 시작하세요.',
  },
} as const satisfies ErrorTexts;

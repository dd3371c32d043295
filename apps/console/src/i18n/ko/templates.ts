export const templateMessages = {
  'templates.title': '템플릿',
  'templates.description':
    '새 서버가 시작하는 설정과 시스템의 구성입니다. 템플릿을 바꿔도 이미 있는 서버는 그대로입니다.',
  'templates.tab.replication': '복제',
  'templates.tab.launch': '시작 구성',
  'templates.tab.machines': '시작 템플릿',
  'templates.name': '이름',
  'templates.nameNote': '선택 사항이며 Name 태그로 저장됩니다.',
  'templates.create': '템플릿 만들기',
  'templates.edit': '바꾸기',
  'templates.editOf': '템플릿 {name} 바꾸기',
  'templates.delete': '삭제',
  'templates.deleteOf': '템플릿 {name} 삭제',
  'templates.deleteText':
    '템플릿과 그에 딸린 것이 삭제됩니다. 이 템플릿으로 만든 서버의 설정은 남습니다. 마지막 템플릿이면 다음 새 서버는 그때 만들어지는 Landfall의 기본 설정으로 시작합니다. 되돌릴 수 없습니다.',
  'templates.created': '템플릿을 만들었습니다.',
  'templates.saved': '템플릿 {name} 을(를) 저장했습니다. 이제 추가되는 서버부터 적용됩니다.',
  'templates.deleted': '템플릿 {name} 을(를) 삭제했습니다.',
  'templates.replication.title': '복제 템플릿',
  'templates.replication.text':
    '새 서버를 처음에 어떻게 복제할지 정합니다. 여러 개면 새 서버는 가장 오래된 것을 복사합니다.',
  'templates.replication.empty': '아직 복제 템플릿이 없습니다',
  'templates.replication.emptyText':
    '첫 서버를 추가할 때 Landfall의 기본 설정(대역폭 제한 없음)으로 만들어집니다. 제한을 두고 시작하려면 직접 만드세요.',
  'templates.replication.bandwidth': '대역폭 제한',
  'templates.replication.bandwidthNote':
    '서버마다 초당 메가비트, 0부터 10,000까지. 0은 제한 없음입니다. 시간대별 일정은 설정에서 서버별로 정합니다.',
  'templates.replication.bandwidthWrong': '0부터 10,000까지의 정수를 입력하세요.',
  'templates.replication.kept': 'MGN API 클라이언트를 위해 저장된 값',
  'templates.replication.keptText':
    '서브넷, 인스턴스 유형, 볼륨 유형은 여기에 없는 클라우드의 것입니다. 그대로 저장하고 돌려줄 뿐 효력은 없습니다.',
  'templates.launch.title': '시작 구성 템플릿',
  'templates.launch.text':
    '새 서버의 시스템을 처음에 어떻게 시작하고 그 안에서 무엇을 실행할지 정합니다. 여러 개면 새 서버는 가장 오래된 것을 복사합니다.',
  'templates.launch.empty': '아직 시작 구성 템플릿이 없습니다',
  'templates.launch.emptyText':
    '첫 서버를 추가할 때 Landfall의 기본 설정으로 만들어집니다. 다른 설정이나 시작 후 작업으로 시작하려면 직접 만드세요.',
  'templates.launch.createText':
    'Landfall의 기본 설정으로 만듭니다. 다음에 열리는 페이지에서 바꿀 수 있습니다.',
  'templates.launch.settings': '설정',
  'templates.launch.copies': '소스에서 복사',
  'templates.launch.copies.ip': '주소',
  'templates.launch.copies.tags': '태그',
  'templates.launch.deployment': '시작 후 작업을 실행할 때',
  'templates.launch.deployment.TEST_AND_CUTOVER': '테스트와 컷오버',
  'templates.launch.deployment.CUTOVER_ONLY': '컷오버만',
  'templates.launch.deployment.TEST_ONLY': '테스트만',
  'templates.actions.text':
    '시작한 시스템 안에서 순서대로 실행하는 스크립트입니다. 새 서버는 템플릿과 함께 복사합니다.',
  'templates.actions.addText':
    '이제 추가되는 서버를 시작할 때마다 스크립트를 실행하며, 시간 제한을 넘으면 실패로 봅니다.',
  'templates.actions.removeText':
    '이제 추가되는 서버는 이 작업 없이 시작합니다. 이미 있는 서버의 것은 남고, 스크립트도 라이브러리에 남습니다.',
  'templates.machines.title': '서버 선택',
  'templates.machines.text':
    '서버마다 자기 시작 템플릿이 있습니다. 시스템의 크기, 포트, 네트워크, 디스크를 바뀌지 않는 버전으로 담습니다. 시작할 때 기본 버전을 따릅니다.',
  'templates.machines.empty': '아직 서버가 없습니다',
  'templates.machines.emptyText': '서버를 추가하면 시작 템플릿이 생깁니다.',
  'templates.machines.none': '위에서 서버를 고르면 시작 템플릿의 버전과 두 버전 사이의 다른 점이 보입니다.',
  'templates.machines.choose': '{name} 선택',
  'templates.machines.of': '{name} 의 시작 템플릿',
} as const;

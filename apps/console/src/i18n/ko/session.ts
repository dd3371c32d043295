export const sessionMessages = {
  'session.title': 'Landfall 로그인',
  'session.intro':
    '이 설치의 액세스 키를 사용하세요. 한 시간 뒤 끝나는 임시 자격 증명으로 바뀌며, 페이지가 열려 있는 동안 갱신됩니다.',
  'session.keyId': '액세스 키 ID',
  'session.secret': '비밀 액세스 키',
  'session.secretNote': '저장하지 않으며 어떤 형태로도 이 페이지를 벗어나지 않습니다.',
  'session.signIn': '로그인',
  'session.signOut': '로그아웃',
  'session.help': '내 키는 어디에 있나요?',
  'session.helpText':
    '첫 키는 landfall up 이 컨트롤 플레인이 실행되는 컴퓨터에 적어 두었고, 그곳에서 landfall env 로 볼 수 있습니다. 다른 키는 관리자가 사용자 페이지에서 만듭니다.',
  'session.missingKeyId': '액세스 키 ID를 입력하세요.',
  'session.missingSecret': '비밀 액세스 키를 입력하세요.',
  'session.refused.title': '로그인하지 못했습니다',
  'session.refused': '키와 비밀이 서로 맞지 않거나, 키가 회수되었습니다.',
  'session.clock': '이 컴퓨터와 컨트롤 플레인의 시계가 5분 넘게 다릅니다.',
  'session.expired.title': '세션이 끝났습니다',
  'session.expired.text': '계속하려면 다시 로그인하세요. 이 페이지는 그대로 있습니다.',
  'session.other': '다른 사용자로 로그인',
  'session.insecure':
    '이 페이지는 HTTPS로 열리지 않아 브라우저가 요청에 서명하지 못합니다. https:// 로 여세요.',
} as const;

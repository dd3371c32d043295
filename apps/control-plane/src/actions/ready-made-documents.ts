/** Scripts that come with Landfall. POSIX shell, and nothing a minimal Debian lacks. */
import type { ScriptDocument } from './script-document.ts';

export const READY_MADE_DOCUMENTS: readonly ScriptDocument[] = [
  {
    name: 'landfall-wait-for-system',
    description: 'Waits until the system is up; fails when units failed, unless allowed',
    parameters: [
      { name: 'allowFailedUnits', defaultValue: 'no', description: 'yes: a degraded system will do' },
    ],
    script: `#!/bin/sh
state=$(systemctl is-system-running --wait)
echo "the system is $state"
[ "$state" = running ] && exit 0
systemctl --failed --no-legend --plain
[ "$state" = degraded ] && [ "{{allowFailedUnits}}" = yes ]
`,
  },
  {
    name: 'landfall-check-disks',
    description: 'All file systems of /etc/fstab are mounted, and the root has room and can be written',
    parameters: [{ name: 'freeMiB', defaultValue: '64', description: 'at least so many MiB free on /' }],
    script: `#!/bin/sh
bad=0
while read -r source place type options rest; do
  case $source in '' | '#'*) continue ;; esac
  case $type in swap | none) continue ;; esac
  case ,$options, in *,noauto,* | *,nofail,*) continue ;; esac
  mountpoint -q "$place" && continue
  echo "$place ($source) is not mounted"
  bad=1
done < /etc/fstab
free=$(df -Pm / | awk 'NR == 2 { print $4 }')
echo "$free MiB are free on /"
[ "$free" -ge "{{freeMiB}}" ] || bad=1
probe=/var/tmp/landfall-check-disks.$$
if echo landfall > "$probe" && sync; then rm -f "$probe"; else bad=1; fi
exit "$bad"
`,
  },
  {
    name: 'landfall-check-http',
    description: 'Asks for a page until it is there',
    parameters: [
      { name: 'url', defaultValue: 'http://127.0.0.1/' },
      { name: 'attempts', defaultValue: '30', description: 'two seconds apart' },
    ],
    script: `#!/bin/sh
fetch() {
  if command -v curl > /dev/null; then curl -fsS -o /dev/null --max-time 10 -- "{{url}}"
  elif command -v wget > /dev/null; then wget -q -T 10 -O /dev/null -- "{{url}}"
  elif command -v python3 > /dev/null; then
    python3 -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=10)' "{{url}}"
  else
    echo 'neither curl nor wget nor python3 is installed'
    exit 2
  fi
}
left="{{attempts}}"
while [ "$left" -gt 0 ]; do
  fetch && echo "{{url}} answers" && exit 0
  left=$((left - 1))
  sleep 2
done
exit 1
`,
  },
  {
    name: 'landfall-create-file',
    description: 'Writes a file',
    parameters: [
      { name: 'path' },
      { name: 'content', defaultValue: '' },
      { name: 'mode', defaultValue: '0644' },
    ],
    script: `#!/bin/sh
set -e
mkdir -p -- "$(dirname -- "{{path}}")"
printf '%s' "{{content}}" > "{{path}}"
chmod -- "{{mode}}" "{{path}}"
echo "wrote {{path}}"
`,
  },
];

/**
 * Completion for three shells. Each hands the words typed so far to `landfall __complete`, which answers a
 * candidate a line, with a description after a tab; `:files` and `:folders` are for the shell. Nothing it
 * says on standard error is shown.
 */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Readline splits words at `=` and `:`; they are put together again, and what it keeps is cut off. */
const BASH = `# bash completion for landfall. Once: source <(landfall completion bash)
_landfall() {
  local program=\${1/#\\~/$HOME} words=() word='' previous='' kept='' line='' i
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((i > 1)) && { [[ $word == [=:]* ]] || [[ $previous == *[=:] ]]; }; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    previous=$word
  done
  word=\${words[\${#words[@]}-1]}
  case $word in *[=:]*) kept=\${word%"\${word##*[=:]}"} ;; esac
  COMPREPLY=()
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    case $line in
      :files | :folders)
        compopt -o filenames 2>/dev/null
        local action=-f
        [[ $line == :folders ]] && action=-d
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen $action -- "\${word#"$kept"}")
        ;;
      *)
        [[ $line == *= ]] && compopt -o nospace 2>/dev/null
        COMPREPLY+=("\${line#"$kept"}")
        ;;
    esac
  done < <("$program" __complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _landfall landfall ./landfall
`;

const ZSH = `#compdef landfall
# zsh completion for landfall. Once: source <(landfall completion zsh)
_landfall() {
  local line value
  local -a lines plain open
  lines=("\${(@f)$("\${words[1]/#\\~/$HOME}" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    case $line in
      :files) _files; return ;;
      :folders) _files -/; return ;;
    esac
    value=\${\${line%%$'\\t'*}//:/\\\\:}
    [[ $line == *$'\\t'* ]] && value+=":\${line#*$'\\t'}"
    if [[ \${line%%$'\\t'*} == *= ]]; then open+=("$value"); else plain+=("$value"); fi
  done
  (( \${#plain} )) && _describe -V landfall plain
  (( \${#open} )) && _describe -V landfall open -S ''
}
if [[ \${funcstack[1]} == _landfall ]]; then _landfall "$@"; else compdef _landfall landfall; fi
`;

const FISH = `# fish completion for landfall. Once: landfall completion fish | source
function __landfall_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (command $words[1] __complete -- $words[2..-1] 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path (commandline -ct)
      case ':folders'
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $line
    end
  end
end
complete -c landfall -f -a '(__landfall_complete)'
`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const satisfies Record<Shell, string>;

export function shellScript(shell: Shell): string {
  return SCRIPTS[shell];
}

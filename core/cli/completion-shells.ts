/** What may follow a command: the words, each with what it means. */
export interface Place {
  /** The command with those above it: `tiercel dlq list`. */
  readonly path: string;
  /** A command with subcommands: no file can follow. */
  readonly isGroup: boolean;
  readonly words: readonly { readonly word: string; readonly about: string }[];
  /** The options that take a value, in all their spellings, with the values where there is a choice; else it is a file. */
  readonly values: readonly { readonly flags: readonly string[]; readonly choices: readonly string[] }[];
}

/** The commands that a word may lead to, as patterns of a `case`. */
function steps(places: readonly Place[]): string {
  return places
    .slice(1)
    .map(({ path }) => `"${path}"`)
    .join('|');
}

/** What follows an option, as the arms of a `case` over the command and the word before. */
function valueCases(places: readonly Place[], write: (choices: readonly string[]) => string): string {
  const arms = places.flatMap(({ path, values }) =>
    values.map(({ flags, choices }) => {
      const patterns = flags.map((flag) => `"${path} ${flag}"`).join('|');
      return `    ${patterns}) ${write(choices)} ;;`;
    }),
  );
  return arms.join('\n');
}

function bash(places: readonly Place[]): string {
  const cases = places.map(
    ({ path, words }) => `    "${path}") words="${words.map(({ word }) => word).join(' ')}" ;;`,
  );
  return `_tiercel() {
  local word words at=tiercel
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${steps(places)}) at="$at $word" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  # Nothing to choose from: the shell completes a file.
  case "$at \${COMP_WORDS[COMP_CWORD-1]}" in
${valueCases(places, (choices) => `words="${choices.join(' ')}"`)}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _tiercel tiercel`;
}

function zsh(places: readonly Place[]): string {
  const cases = places.map(
    ({ path, words }) => `    "${path}") compadd -- ${words.map(({ word }) => word).join(' ')} ;;`,
  );
  const groups = places
    .filter(({ isGroup }) => isGroup)
    .map(({ path }) => `"${path}"`)
    .join('|');
  return `#compdef tiercel
_tiercel() {
  local word at=tiercel
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
      ${steps(places)}) at="$at $word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${valueCases(places, (choices) => (choices.length > 0 ? `compadd -- ${choices.join(' ')}; return` : '_files; return'))}
  esac
  case "$at" in
${cases.join('\n')}
  esac
  case "$at" in
    ${groups}) ;;
    *) _files ;;
  esac
}
if [[ "\${funcstack[1]}" == _tiercel ]]; then
  # A file of fpath, read because it was asked for.
  _tiercel "$@"
else
  (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit; }
  compdef _tiercel tiercel
fi`;
}

function fish(places: readonly Place[]): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = places.flatMap(({ path, words, values }) =>
    words.map(({ word, about }) => {
      const value = values.find(({ flags }) => flags.includes(word));
      const short = value?.flags.find((flag) => !flag.startsWith('--'));
      const takes =
        (short === undefined ? '' : ` -s ${short.slice(1)}`) +
        (value === undefined
          ? ''
          : value.choices.length > 0
            ? ` -xa ${quote(value.choices.join(' '))}`
            : ' -r');
      const what = word.startsWith('--') ? `-l ${word.slice(2)}${takes}` : `-a ${quote(word)}`;
      return `complete -c tiercel -n ${quote(`__tiercel_at ${path}`)} ${what}${about && ` -d ${quote(about)}`}`;
    }),
  );
  const groups = places
    .filter(({ isGroup }) => isGroup)
    .map(({ path }) => `complete -c tiercel -n ${quote(`__tiercel_at ${path}`)} -f`);
  return `function __tiercel_at
  set -l at tiercel
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${places
        .slice(1)
        .map(({ path }) => quote(path))
        .join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv"
end
${[...groups, ...lines].join('\n')}`;
}

/** The completion of each shell. */
export const SHELLS = { bash, zsh, fish } as const;

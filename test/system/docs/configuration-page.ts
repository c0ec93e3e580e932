/** docs/configuration.md, made of the table in src/config.ts. */
import { OPTIONS, OPTION_GROUPS, OPTION_NAMES, type OptionGroup } from '../../../src/config.js';

interface ShownOption {
  readonly flag: string;
  readonly negatedFlag?: string;
  readonly env: string;
  readonly default?: string;
  readonly help: string;
  readonly group: OptionGroup;
}

const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;

function row({ flag, negatedFlag, env, help, default: fallback }: ShownOption): string {
  const flags = [flag, ...(negatedFlag === undefined ? [] : [negatedFlag])].map(code).join(' ');
  return `| ${flags} | ${code(env)} | ${fallback === undefined || fallback === '' ? '' : code(fallback)} ` + `| ${help.replaceAll('|', '\\|')} |`;
}

export function configurationPage(): string {
  const options = OPTION_NAMES.map((name): ShownOption => OPTIONS[name]);
  const groups = (Object.keys(OPTION_GROUPS) as OptionGroup[]).map((group) => {
    const rows = options.filter((option) => option.group === group).map(row);
    return [`## ${OPTION_GROUPS[group]}`, '', '| flag | environment | default | |', '|---|---|---|---|', ...rows, ''].join('\n');
  });
  return [
    '# Configuration',
    '',
    'A flag beats its environment variable, which beats ' + 'the default. A ' + 'command takes the groups that ' + 'it needs: `npx tipstream COMMAND --help` lists them.',
    'Passwords and tokens are better in the environment, since a command line can be seen by everybody on the machine.',
    '',
    'This page is made of `src/config.ts`. After a change there: `npx vitest run test/system/docs/configuration.unit.test.ts -u`.',
    '',
    ...groups,
  ].join('\n');
}

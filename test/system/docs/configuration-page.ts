/** docs/configuration.md, made of the table in src/option-table.ts. */
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
  return (
    `| ${flags} | ${code(env)} | ${fallback === undefined || fallback === '' ? '' : code(fallback)} ` + `| ${help.replaceAll('|', '\\|')} |`
  );
}

export function configurationPage(): string {
  const options = OPTION_NAMES.map((name): ShownOption => OPTIONS[name]);
  const groups = (Object.keys(OPTION_GROUPS) as OptionGroup[]).map((group) => {
    const rows = options.filter((option) => option.group === group).map(row);
    return [`## ${OPTION_GROUPS[group]}`, '', '| flag | environment | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
  });
  return [
    '# Configuration',
    '',
    'A flag takes precedence over its environment variable, which takes precedence over the default.',
    'Each command takes some of the groups below: `npx tipstream COMMAND --help` lists its options.',
    'Set passwords and tokens in the environment, because everybody on the machine can see a command line.',
    '',
    'This page is generated from `src/option-table.ts`. ' +
      'After a change there, run `npx vitest run test/system/docs/configuration.unit.test.ts -u`.',
    '',
    ...groups,
  ].join('\n');
}

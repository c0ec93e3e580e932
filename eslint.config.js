import tseslint from 'typescript-eslint';

const SHELL = ['**/log/**', '**/store/**', '**/consumers/**', '**/http/**', '**/cli/**', '**/demo/**', '**/producer/**'];

const PROMISES = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
};

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'data/**', '.cache/**', 'coverage/**'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    // What only types can tell: a promise that nobody awaits loses its error and outlives its caller.
    files: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    ignores: ['src/web/**'],
    languageOptions: { parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname } },
    rules: PROMISES,
  },
  {
    // Code for browsers, with the types of browsers.
    files: ['src/web/**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { project: './src/web/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...PROMISES,
      'no-restricted-globals': [
        'error',
        ...['process', 'Buffer', 'global', 'require', 'setImmediate'].map((name) => ({ name, message: 'A browser has none.' })),
      ],
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*'], message: 'A browser has none.' }] }],
    },
  },
  {
    // The functional core: time, randomness and I/O come in as arguments.
    files: ['src/projections/**/*.ts', 'src/policies/**/*.ts', 'src/events/**/*.ts', 'src/topics.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            'better-sqlite3',
            'kafkajs',
            'pino',
            'fastify',
            'node:fs',
            'node:fs/promises',
            'node:net',
            'node:http',
            'node:timers',
            'node:worker_threads',
            'node:child_process',
          ].map((name) => ({ name, message: 'The core does no I/O.' })),
          patterns: [{ group: SHELL, message: 'The core does not know the shell.' }],
        },
      ],
      'no-restricted-globals': ['error', 'performance', 'process', 'setTimeout', 'setInterval', 'setImmediate'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in as an argument.' },
        { object: 'Math', property: 'random', message: 'Randomness is seeded by the decision.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time comes in as an argument.' },
      ],
    },
  },
  {
    // One folder knows kafkajs, one knows the SQLite log; nobody else does.
    files: ['src/**/*.ts'],
    ignores: ['src/web/**', 'src/log/kafka/**', 'src/projections/**', 'src/policies/**', 'src/events/**', 'src/topics.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [{ name: 'kafkajs', message: 'Only src/log/kafka knows kafkajs.' }] }] },
  },
);

/** The rooms of src in their order, with what each may import: the rule that the tidy test and docs/architecture.md share. */
export interface Room {
  readonly folder: string;
  /** Besides itself and the files at the top of src: rooms above it. `everything above` where the order alone decides. */
  readonly mayImport: readonly string[] | 'everything above';
}

const room = (folder: string, mayImport: Room['mayImport']): Room => ({ folder, mayImport });

/** Arrows go up this list only: a room imports what stands above it, and of that only what its own list names. */
export const ROOMS: readonly Room[] = [
  room('events', []),
  room('projections', ['events']),
  room('definitions', ['events', 'projections']),
  room('quality', []),
  room('policies', ['events', 'projections']),
  room('prompts', ['events', 'projections', 'policies']),
  room('gateway', ['prompts']),
  room('evaluation', ['events', 'projections', 'policies']),
  room('simulation', ['events', 'projections', 'policies', 'evaluation']),
  room('log', ['events']),
  room('contracts', ['events', 'projections', 'log']),
  room('producer', ['events', 'policies', 'log']),
  room('store', ['events', 'projections', 'policies', 'log']),
  room('dead-letters', ['events', 'log', 'contracts', 'producer']),
  room('audit', ['events', 'policies', 'log', 'store']),
  room('audit-trail', ['events', 'log']),
  room('provenance', ['events', 'projections', 'policies', 'log', 'store', 'audit']),
  room('consumers', ['events', 'projections', 'policies', 'log', 'store']),
  room('rebuild', ['events', 'projections', 'policies', 'log', 'store', 'audit', 'consumers']),
  room('redrive', ['events', 'projections', 'policies', 'log', 'store']),
  room('forgetting', ['events', 'log', 'producer', 'store']),
  room('export', ['events', 'projections', 'log', 'producer', 'store']),
  // Not consumers, not rebuild: verify shares no code with the fold that it checks.
  room('verify', ['events', 'projections', 'policies', 'log', 'store', 'audit']),
  room('monitoring', ['events', 'projections', 'quality', 'log', 'store']),
  room('analysts', ['events', 'projections', 'policies', 'evaluation', 'log', 'store', 'consumers']),
  room('cards', ['policies', 'evaluation', 'simulation', 'store']),
  room('service', [
    'events',
    'projections',
    'policies',
    'prompts',
    'gateway',
    'evaluation',
    'log',
    'producer',
    'store',
    'audit-trail',
    'provenance',
    'monitoring',
    'dead-letters',
    'consumers',
    'rebuild',
    'redrive',
    'forgetting',
    'cards',
  ]),
  room('http', [
    'events',
    'projections',
    'policies',
    'prompts',
    'gateway',
    'evaluation',
    'log',
    'contracts',
    'producer',
    'store',
    'dead-letters',
    'audit-trail',
    'monitoring',
    'rebuild',
    'redrive',
    'forgetting',
    'service',
  ]),
  // As types alone: what the API answers.
  room('web', ['projections', 'log', 'service']),
  room('demo', ['events', 'simulation', 'log']),
  room('cli', 'everything above'),
];

/** Imports nothing, so that the files at the top of src may import it although its room stands below them. */
export const LEAVES: readonly string[] = [
  'src/events/strings.ts',
  'src/events/limits.ts',
  'src/events/control-user.ts',
  'src/events/trace-context.ts',
  'src/events/audit-event.ts',
  'src/events/feature-choice.ts',
  'src/events/by-name.ts',
];

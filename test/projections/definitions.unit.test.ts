/** What two sets of feature definitions differ in, as rebuild and its refusals say it. */
import { describe, expect, it } from 'vitest';
import { changesBetween, describeChanges, type Definitions } from '../../src/projections/definitions.js';
import { defineFeature } from '../../src/projections/feature.js';
import { createRegistry, coreRegistry, type Registry } from '../../src/projections/registry.js';
import { added, everything, otherWindow, snoozed7d } from '../support/other-definitions.js';

describe('what changed', () => {
  const said = (previous: Registry, current: Registry) => describeChanges(changesBetween(previous.definitions, current.definitions));

  it('is said by name, and of a changed feature what of it', () => {
    expect(said(coreRegistry, added)).toBe('added: snoozed_7d');
    expect(said(added, coreRegistry)).toBe('removed: snoozed_7d');
    expect(said(coreRegistry, otherWindow)).toBe('changed: mean_dwell_ms_30d (window 30 d -> 14 d, counters dwell -> dwell_14d, its SQL)');
    expect(said(coreRegistry, everything)).toBe(
      'added: snoozed_7d; changed: mean_dwell_ms_30d (window 30 d -> 14 d, counters dwell -> dwell_14d, its SQL), ' +
        'tip_volume_30d (counters served -> served_labelled, its SQL); removed: preferred_hour',
    );
    expect(said(coreRegistry, coreRegistry)).toBe('nothing');
  });

  it('names units, types and sources too, and lengths of time as people say them', () => {
    const one = createRegistry([snoozed7d]);
    const other = createRegistry([
      defineFeature({
        ...snoozed7d,
        unit: 'snoozes',
        dtype: 'categorical',
        sources: ['tip.served', 'tip.feedback'],
        value: () => null,
        windowMs: 90 * 60_000,
        counters: [{ id: 'snoozed_7d', windowMs: 90 * 60_000, contribute: () => undefined }],
      }),
    ]);
    expect(said(one, other)).toBe(
      'changed: snoozed_7d (window 7 d -> 90 min, dtype numeric -> categorical, unit tips -> snoozes, ' +
        'sources tip.feedback -> tip.feedback and tip.served)',
    );
  });

  it('is nothing when words, advice for caches, layout or order change', () => {
    expect(
      said(
        createRegistry([snoozed7d]),
        createRegistry([defineFeature({ ...snoozed7d, description: 'Others.', ttlMs: 1, sql: snoozed7d.sql.replaceAll(' ', '\n ') })]),
      ),
    ).toBe('nothing');
  });

  it('includes the rules by which tips are counted', () => {
    const previous: Definitions = { ...coreRegistry.definitions, semantics_version: 0 };
    expect(changesBetween(previous, added.definitions)).toEqual({
      added: ['snoozed_7d'],
      changed: [],
      removed: [],
      semantics: { from: 0, to: 1 },
    });
    expect(describeChanges(changesBetween(previous, added.definitions))).toBe('how tips are counted: version 0 -> 1; added: snoozed_7d');
  });

  it('knows which kept columns a feature reads', () => {
    const reads = Object.fromEntries(coreRegistry.definitions.features.map((feature) => [feature.name, feature.reads]));
    expect(reads).toMatchObject({
      tip_volume_30d: ['served_at_ms'],
      preferred_hour: ['done_at_ms', 'done_utc_offset_min'],
      preferred_category: ['served_at_ms', 'served_category', 'done_at_ms'],
      mean_dwell_ms_30d: ['served_at_ms', 'done_at_ms', 'dismiss_at_ms', 'snooze_at_ms'],
    });
  });
});

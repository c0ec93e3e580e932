/** Writes docs/models: a card for every policy, from the built-in simulation. Run `npm run cards` after changing a policy. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { modelCard } from '../dist/cards/model-card.js';
import { POLICIES } from '../dist/policies/registry.js';
import { PERSONAS } from '../dist/simulation/persona.js';
import { simulate } from '../dist/simulation/simulate.js';

const steps = simulate({ policies: ['egreedy-v1', 'egreedy-v2', 'linucb', 'random'].map((name) => POLICIES.find((policy) => policy.name === name)), personas: PERSONAS, users: 450, days: 60, candidates: 8, epsilon: 0.1, seed: 1 });
let step = steps.next();
while (!step.done) step = steps.next();
const folder = new URL('../docs/models/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const policy of POLICIES) writeFileSync(new URL(`${policy.name}.md`, folder), modelCard({ policy, simulation: step.value }));

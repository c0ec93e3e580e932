import { expect, it } from 'vitest';
import { everyCommand } from '../support/every-command.js';

const said = ({ name, arguments: args, summary }: { name: string; arguments?: string | undefined; summary: string }) => ({
  name,
  arguments: args,
  summary,
});

it('the list says of every command what the command says of itself', async () => {
  for (const { words, listed, command } of await everyCommand()) expect(said(listed), words).toEqual(said(command));
});

it('every command has options: help lists it with [options] before it is loaded', async () => {
  for (const { words, command } of await everyCommand())
    expect([words, command.groups.length + (command.options ?? []).length + (command.json === undefined ? 0 : 1)]).not.toContain(0);
});
